//! Which clicks a workspace does not count, together: there are only so many rules at a time.

mod add;
mod rejection;
mod remove;
#[cfg(test)]
mod samples;

use events::ExclusionId;
use events::links::{ExclusionEvent, ExclusionRule};

use crate::decider::Aggregate;

pub(super) use add::Add;
pub(crate) use rejection::ExclusionRejection;
pub(super) use remove::Remove;

/// The most exclusions at a time: each click of the workspace is held against all of them.
const EXCLUSIONS_MAX: usize = 100;
/// The most changes, but for removing what there is: all are read for each of them, from as many blocks of a stream
/// that is compressed, at ten milliseconds each (ADR 16).
const CHANGES_MAX: usize = 1_000;

/// What a workspace excludes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exclusions {
    active: Vec<Exclusion>,
    /// How much has happened to them.
    changes: usize,
}

/// An exclusion that was not removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exclusion {
    pub(super) id: ExclusionId,
    pub(super) rule: ExclusionRule,
    pub(super) reason: Option<String>,
}

impl Exclusions {
    pub(super) fn find(&self, id: ExclusionId) -> Option<&Exclusion> {
        self.active.iter().find(|it| it.id == id)
    }
}

impl Aggregate for Exclusions {
    type Event = ExclusionEvent;

    fn evolve(mut self, event: &ExclusionEvent) -> Self {
        self.changes += 1;
        match event {
            ExclusionEvent::Added {
                exclusion_id,
                rule,
                reason,
            } => self.active.push(Exclusion {
                id: *exclusion_id,
                rule: rule.clone(),
                reason: reason.clone(),
            }),
            ExclusionEvent::Removed { exclusion_id } => {
                self.active.retain(|it| it.id != *exclusion_id);
            }
        }
        self
    }
}
