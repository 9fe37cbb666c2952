//! Clicks that a workspace does not count: spam, and mistakes.

mod body;
mod exclusions;
pub(crate) mod http;
mod rule;

pub(crate) use exclusions::ExclusionRejection;
