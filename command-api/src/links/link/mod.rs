//! A short link.

mod shorten;

use events::links::LinkEvent;

use crate::decider::Aggregate;

pub(crate) use shorten::{LinkRejection, Shorten};

/// A link's stages of life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Link {
    /// Never heard of.
    #[default]
    Unknown,
    /// Leads to its target.
    Open,
}

impl Aggregate for Link {
    type Event = LinkEvent;

    fn evolve(self, event: &LinkEvent) -> Self {
        match event {
            LinkEvent::Shortened { .. } => Self::Open,
        }
    }
}
