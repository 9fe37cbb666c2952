//! Verifying a domain: the DNS had the record, and links on it lead from then on.

use events::DomainId;
use events::links::OwnDomainEvent;

use super::{OwnDomainRejection, OwnDomains, Stage};
use crate::decider::Decide;

/// Whoever asks has proven that the domain is theirs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verify {
    pub(crate) id: DomainId,
}

impl Decide<OwnDomains> for Verify {
    type Rejection = OwnDomainRejection;

    fn decide(&self, state: &OwnDomains) -> Result<Vec<OwnDomainEvent>, OwnDomainRejection> {
        let brought = state.find(self.id).ok_or(OwnDomainRejection::Unknown)?;
        if brought.stage == Stage::Verified {
            return Ok(Vec::new());
        }
        state.may_change()?;
        Ok(vec![OwnDomainEvent::Verified {
            domain_id: self.id,
            domain: brought.name.clone(),
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{added, id, removed, verified};
    use super::{OwnDomainRejection, OwnDomains, Verify};
    use crate::spec::given;

    #[test]
    fn a_domain_is_verified_once() {
        let verify = Verify { id: id(1) };
        given::<OwnDomains>(&[added(1), added(2)])
            .when(&verify)
            .then([verified(1)]);
        given::<OwnDomains>(&[added(1), verified(1)])
            .when(&verify)
            .then([]);
    }

    #[test]
    fn what_is_not_there_cannot_be_verified() {
        for history in [vec![], vec![added(1), verified(1), removed(1)]] {
            given::<OwnDomains>(&history)
                .when(&Verify { id: id(1) })
                .then_rejected(|it| *it == OwnDomainRejection::Unknown);
        }
    }
}
