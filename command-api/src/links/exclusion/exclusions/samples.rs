//! Things that happened to what a workspace excludes, for the specs of their commands.

use events::ExclusionId;
use events::links::{ExclusionEvent, ExclusionRule};
use uuid::Uuid;

pub(super) fn id(number: usize) -> ExclusionId {
    ExclusionId::new(Uuid::from_u128(number as u128))
}

pub(super) fn rule() -> ExclusionRule {
    ExclusionRule {
        network: Some("00112233aabbccdd".to_owned()),
        ..ExclusionRule::default()
    }
}

pub(super) fn added(number: usize) -> ExclusionEvent {
    ExclusionEvent::Added {
        exclusion_id: id(number),
        rule: rule(),
        reason: Some("a farm of clicks".to_owned()),
    }
}

pub(super) fn removed(number: usize) -> ExclusionEvent {
    ExclusionEvent::Removed {
        exclusion_id: id(number),
    }
}
