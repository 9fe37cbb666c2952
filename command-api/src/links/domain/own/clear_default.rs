//! Clearing the default: links that name no domain are made on the installation's again.

use events::DomainId;
use events::links::OwnDomainEvent;

use super::{OwnDomainRejection, OwnDomains};
use crate::decider::Decide;

/// Somebody wants a domain to be the default no more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClearDefault {
    pub(crate) id: DomainId,
}

impl Decide<OwnDomains> for ClearDefault {
    type Rejection = OwnDomainRejection;

    fn decide(&self, state: &OwnDomains) -> Result<Vec<OwnDomainEvent>, OwnDomainRejection> {
        let brought = state.find(self.id).ok_or(OwnDomainRejection::Unknown)?;
        if state.default != Some(self.id) {
            return Ok(Vec::new());
        }
        Ok(vec![OwnDomainEvent::DefaultCleared {
            domain_id: self.id,
            domain: brought.name.clone(),
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{added, default_cleared, id, made_default, verified};
    use super::{ClearDefault, OwnDomainRejection, OwnDomains};
    use crate::spec::given;

    #[test]
    fn the_default_is_cleared_once() {
        let history = [added(1), verified(1), made_default(1)];
        given::<OwnDomains>(&history)
            .when(&ClearDefault { id: id(1) })
            .then([default_cleared(1)]);
        given::<OwnDomains>(&[&history[..], &[default_cleared(1)]].concat())
            .when(&ClearDefault { id: id(1) })
            .then([]);
    }

    #[test]
    fn another_domain_stays_the_default() {
        let history = [
            added(1),
            verified(1),
            added(2),
            verified(2),
            made_default(2),
        ];
        given::<OwnDomains>(&history)
            .when(&ClearDefault { id: id(1) })
            .then([]);
        given::<OwnDomains>(&[])
            .when(&ClearDefault { id: id(1) })
            .then_rejected(|it| *it == OwnDomainRejection::Unknown);
    }
}
