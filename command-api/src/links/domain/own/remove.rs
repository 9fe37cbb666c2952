//! Removing a domain: no link on it leads anywhere, and others may bring it.

use events::DomainId;
use events::links::OwnDomainEvent;

use super::{OwnDomainRejection, OwnDomains};
use crate::decider::Decide;

/// Somebody wants a domain to be the workspace's no more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Remove {
    pub(crate) id: DomainId,
}

impl Decide<OwnDomains> for Remove {
    type Rejection = OwnDomainRejection;

    fn decide(&self, state: &OwnDomains) -> Result<Vec<OwnDomainEvent>, OwnDomainRejection> {
        let brought = state.find(self.id).ok_or(OwnDomainRejection::Unknown)?;
        Ok(vec![OwnDomainEvent::Removed {
            domain_id: self.id,
            domain: brought.name.clone(),
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{added, id, removed, verified};
    use super::{OwnDomainRejection, OwnDomains, Remove};
    use crate::spec::given;

    #[test]
    fn a_domain_is_removed_whether_it_was_verified_or_not() {
        for history in [vec![added(1)], vec![added(1), verified(1)]] {
            given::<OwnDomains>(&history)
                .when(&Remove { id: id(1) })
                .then([removed(1)]);
        }
    }

    #[test]
    fn what_is_not_there_cannot_be_removed() {
        for history in [vec![], vec![added(1), removed(1)]] {
            given::<OwnDomains>(&history)
                .when(&Remove { id: id(1) })
                .then_rejected(|it| *it == OwnDomainRejection::Unknown);
        }
    }
}
