//! Making a domain the default: links that name no domain are made on it.

use events::DomainId;
use events::links::OwnDomainEvent;

use super::{OwnDomainRejection, OwnDomains, Stage};
use crate::decider::Decide;

/// Somebody wants links to be made on a domain, unless another is named.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MakeDefault {
    pub(crate) id: DomainId,
}

impl Decide<OwnDomains> for MakeDefault {
    type Rejection = OwnDomainRejection;

    fn decide(&self, state: &OwnDomains) -> Result<Vec<OwnDomainEvent>, OwnDomainRejection> {
        let brought = state.find(self.id).ok_or(OwnDomainRejection::Unknown)?;
        if brought.stage != Stage::Verified {
            return Err(OwnDomainRejection::Unverified);
        }
        if state.default == Some(self.id) {
            return Ok(Vec::new());
        }
        state.may_change()?;
        Ok(vec![OwnDomainEvent::MadeDefault {
            domain_id: self.id,
            domain: brought.name.clone(),
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{added, default_cleared, id, made_default, removed, verified};
    use super::{MakeDefault, OwnDomainRejection, OwnDomains};
    use crate::spec::given;

    #[test]
    fn a_verified_domain_takes_the_place_of_the_default_before() {
        let both = [added(1), verified(1), added(2), verified(2)];
        given::<OwnDomains>(&both)
            .when(&MakeDefault { id: id(1) })
            .then([made_default(1)]);
        given::<OwnDomains>(&[&both[..], &[made_default(1)]].concat())
            .when(&MakeDefault { id: id(2) })
            .then([made_default(2)]);
    }

    #[test]
    fn what_is_the_default_stays_it() {
        given::<OwnDomains>(&[added(1), verified(1), made_default(1)])
            .when(&MakeDefault { id: id(1) })
            .then([]);
    }

    #[test]
    fn what_was_given_up_can_be_the_default_again() {
        let history = [added(1), verified(1), made_default(1), default_cleared(1)];
        given::<OwnDomains>(&history)
            .when(&MakeDefault { id: id(1) })
            .then([made_default(1)]);
        let again = [added(1), verified(1), made_default(1), removed(1)];
        given::<OwnDomains>(&[&again[..], &[added(1), verified(1)]].concat())
            .when(&MakeDefault { id: id(1) })
            .then([made_default(1)]);
    }

    #[test]
    fn a_domain_that_nobody_has_proven_is_no_default() {
        given::<OwnDomains>(&[added(1)])
            .when(&MakeDefault { id: id(1) })
            .then_rejected(|it| *it == OwnDomainRejection::Unverified);
        given::<OwnDomains>(&[added(1), verified(1), removed(1)])
            .when(&MakeDefault { id: id(1) })
            .then_rejected(|it| *it == OwnDomainRejection::Unknown);
    }
}
