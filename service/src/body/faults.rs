//! Collecting everything that is wrong with a request before answering.

use std::fmt::Display;

use crate::problem::{Fault, Problem};

/// The faults found so far.
///
/// ```
/// # use service::body::Faults; use service::problem::Problem;
/// # fn parse(size: &str, count: &str) -> Result<(u8, u8), Problem> {
/// let mut faults = Faults::default();
/// let size = faults.take("/size", size.parse());
/// let count = faults.take("/count", count.parse());
/// let (Some(size), Some(count)) = (size, count) else { return Err(faults.into()) };
/// # Ok((size, count)) }
/// ```
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Hands a good value through and remembers why a bad one is bad.
    pub fn take<T, E: Display>(&mut self, pointer: &str, parsed: Result<T, E>) -> Option<T> {
        parsed
            .map_err(|error| self.add(pointer, error.to_string()))
            .ok()
    }

    /// Remembers a fault.
    pub fn add(&mut self, pointer: &str, detail: impl Into<String>) {
        self.0.push(Fault::new(pointer, detail));
    }

    /// Takes over the faults of a part, which stands at `at`.
    pub fn take_over(&mut self, at: impl Display, part: Self) {
        let within = |fault: Fault| Fault::new(format!("{at}{}", fault.pointer), fault.detail);
        self.0.extend(part.0.into_iter().map(within));
    }

    /// The faults, in the order in which they were found.
    pub fn into_list(self) -> Vec<Fault> {
        self.0
    }

    /// Fails if any fault was found.
    pub fn finish(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.into())
        }
    }
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        Self::validation(faults.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faults_of_a_part_stand_where_the_part_stands() {
        let (mut faults, mut part) = (Faults::default(), Faults::default());
        part.add("/slug", "is reserved");
        faults.take_over("/links/3", part);
        assert_eq!(faults.0, [Fault::new("/links/3/slug", "is reserved")]);
    }

    #[test]
    fn every_fault_is_kept_and_good_values_pass() {
        let mut faults = Faults::default();
        assert_eq!(faults.take("/a", "1".parse::<u8>()), Some(1));
        assert_eq!(faults.take("/b", "x".parse::<u8>()), None);
        faults.add("/c", "is missing");
        let problem = faults.finish().unwrap_err();
        assert_eq!(
            (problem.status().as_u16(), problem.error()),
            (422, "validation")
        );
        assert!(Faults::default().finish().is_ok());
    }
}
