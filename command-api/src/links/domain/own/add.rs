//! Bringing a domain: nothing is opened on it until it is verified.

use events::DomainId;
use events::links::OwnDomainEvent;

use super::{OwnDomainRejection, OwnDomains};
use crate::decider::Decide;

/// The most domains of a workspace: all are read for every link that is made.
pub(super) const DOMAINS_MAX: usize = 20;

/// Somebody says that a domain is theirs; the values were parsed at the edge.
#[derive(Clone, Debug)]
pub(crate) struct Add {
    pub(crate) id: DomainId,
    pub(crate) domain: String,
    pub(crate) is_case_sensitive: bool,
    pub(crate) record_name: String,
    pub(crate) record_value: String,
}

impl Decide<OwnDomains> for Add {
    type Rejection = OwnDomainRejection;

    fn decide(&self, state: &OwnDomains) -> Result<Vec<OwnDomainEvent>, OwnDomainRejection> {
        if state.brought.iter().any(|it| it.name == self.domain) {
            return Err(OwnDomainRejection::AlreadyAdded);
        }
        if state.brought.len() >= DOMAINS_MAX {
            return Err(OwnDomainRejection::TooMany);
        }
        state.may_change()?;
        Ok(vec![OwnDomainEvent::Added {
            domain_id: self.id,
            domain: self.domain.clone(),
            is_case_sensitive: self.is_case_sensitive,
            record_name: self.record_name.clone(),
            record_value: self.record_value.clone(),
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::super::CHANGES_MAX;
    use super::super::samples::{added, id, removed, verified};
    use super::{Add, DOMAINS_MAX, OwnDomainRejection, OwnDomains};
    use crate::spec::given;

    fn add(number: usize) -> Add {
        Add {
            id: id(number),
            domain: format!("go{number}.example"),
            is_case_sensitive: false,
            record_name: format!("_millrace.go{number}.example"),
            record_value: "millrace-verification=a1B2".to_owned(),
        }
    }

    #[test]
    fn a_domain_is_brought_with_what_will_prove_it() {
        given::<OwnDomains>(&[]).when(&add(1)).then([added(1)]);
        given::<OwnDomains>(&[added(1), verified(1)])
            .when(&add(2))
            .then([added(2)]);
    }

    #[test]
    fn none_is_brought_twice() {
        for history in [vec![added(1)], vec![added(1), verified(1)]] {
            given::<OwnDomains>(&history)
                .when(&add(1))
                .then_rejected(|it| *it == OwnDomainRejection::AlreadyAdded);
        }
    }

    #[test]
    fn one_that_was_removed_can_be_brought_again() {
        given::<OwnDomains>(&[added(1), removed(1)])
            .when(&add(1))
            .then([added(1)]);
    }

    #[test]
    fn there_are_only_so_many_at_a_time() {
        let mut history: Vec<_> = (0..DOMAINS_MAX).map(added).collect();
        given::<OwnDomains>(&history)
            .when(&add(DOMAINS_MAX))
            .then_rejected(|it| *it == OwnDomainRejection::TooMany);
        history.push(removed(3));
        given::<OwnDomains>(&history)
            .when(&add(DOMAINS_MAX))
            .then([added(DOMAINS_MAX)]);
    }

    #[test]
    fn a_history_that_visitors_wait_for_does_not_grow_for_ever() {
        let again = (1..CHANGES_MAX / 2).flat_map(|_| [added(1), removed(1)]);
        let mut history: Vec<_> = again.collect();
        history.push(added(1));
        given::<OwnDomains>(&history).when(&add(2)).then([added(2)]);
        history.push(removed(1));
        given::<OwnDomains>(&history)
            .when(&add(2))
            .then_rejected(|it| *it == OwnDomainRejection::ChangedTooOften);
    }
}
