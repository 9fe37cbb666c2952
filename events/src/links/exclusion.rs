//! Which clicks a workspace does not count: spam, and mistakes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DomainEvent, ExclusionId, LinkId, Timestamp};

/// Something that happened to what a workspace excludes, on `clicks.<workspace>.exclusions.<workspace>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ExclusionEvent {
    /// Clicks that fit the rule do not count, those before it and those after it, until it is removed.
    #[serde(rename = "added.v1")]
    Added {
        /// Which of the workspace's exclusions it is.
        exclusion_id: ExclusionId,
        /// Which clicks are meant.
        rule: ExclusionRule,
        /// Why, in the words of who excludes them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// It is taken back: the clicks count again, but for those that another exclusion means, too.
    #[serde(rename = "removed.v1")]
    Removed {
        /// Which of the workspace's exclusions it was.
        exclusion_id: ExclusionId,
    },
}

/// Which clicks are meant: those that fit all that is given.
///
/// A `browser`, `os` or `device` that is empty means that the click's is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExclusionRule {
    /// Clicks on this link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_id: Option<LinkId>,
    /// Clicks at that time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Clicks before that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Clicks from this range of addresses, as the clicks' own `network` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Clicks in this browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
    /// Clicks on this operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Clicks on this kind of device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Clicks of programs that say so themselves, or of nobody who does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_bot: Option<bool>,
}

impl DomainEvent for ExclusionEvent {
    const AGGREGATE: &'static str = "millrace.links.exclusion";
}
