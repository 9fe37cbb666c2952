//! Things that happened to a workspace's own domains, for the specs of their commands.

use events::DomainId;
use events::links::OwnDomainEvent;
use uuid::Uuid;

pub(crate) fn id(number: usize) -> DomainId {
    DomainId::new(Uuid::from_u128(number as u128))
}

fn name(number: usize) -> String {
    format!("go{number}.example")
}

pub(crate) fn added(number: usize) -> OwnDomainEvent {
    OwnDomainEvent::Added {
        domain_id: id(number),
        domain: name(number),
        is_case_sensitive: false,
        record_name: format!("_millrace.go{number}.example"),
        record_value: "millrace-verification=a1B2".to_owned(),
    }
}

pub(crate) fn verified(number: usize) -> OwnDomainEvent {
    OwnDomainEvent::Verified {
        domain_id: id(number),
        domain: name(number),
    }
}

pub(crate) fn made_default(number: usize) -> OwnDomainEvent {
    OwnDomainEvent::MadeDefault {
        domain_id: id(number),
        domain: name(number),
    }
}

pub(crate) fn default_cleared(number: usize) -> OwnDomainEvent {
    OwnDomainEvent::DefaultCleared {
        domain_id: id(number),
        domain: name(number),
    }
}

pub(crate) fn removed(number: usize) -> OwnDomainEvent {
    OwnDomainEvent::Removed {
        domain_id: id(number),
        domain: name(number),
    }
}
