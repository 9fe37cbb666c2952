//! What a reader of the bus is called.

use std::fmt;
use std::str::FromStr;

/// The longest name; it is part of subjects and of file names in the broker's store.
const CHARACTERS_MAX: usize = 32;
/// The system's own user.
const TAKEN: &str = "millrace";

/// A reader's name: of its user, of its durable consumer on each stream, and the end of its account's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReaderName(String);

/// The text is no name of a reader.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a consumer's name has 1 to {CHARACTERS_MAX} characters of a-z, 0-9, _ and -, begins with a letter, and isn't {TAKEN}"
)]
pub struct ReaderNameError;

impl ReaderName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ReaderName {
    type Err = ReaderNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain =
            |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || "_-".contains(it);
        let is_good = text.len() <= CHARACTERS_MAX
            && text.starts_with(|it: char| it.is_ascii_lowercase())
            && text.chars().all(is_plain)
            && text != TAKEN;
        is_good
            .then(|| Self(text.to_owned()))
            .ok_or(ReaderNameError)
    }
}

#[cfg(test)]
mod tests {
    use super::ReaderName;

    #[test]
    fn a_name_that_means_something_to_the_broker_is_refused() {
        let long = "a".repeat(33);
        for text in [
            "", "*", ">", "a.b", "a b", "A", "1a", "-a", "$g", "ä", "a\"", "a/b", "millrace", &long,
        ] {
            assert!(text.parse::<ReaderName>().is_err(), "{text:?}");
        }
        for text in ["a", "billing", "data-lake_2"] {
            assert_eq!(text.parse::<ReaderName>().unwrap().as_str(), text);
        }
    }
}
