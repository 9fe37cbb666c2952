//! A day of a link or of a workspace: where clicks are counted.

use time::Date;
use uuid::Uuid;

use super::click::Click;

/// A day of a link, or of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ScopeDay {
    /// The link, or the workspace itself.
    pub(super) scope: Uuid,
    pub(super) day: Date,
    pub(super) workspace: Uuid,
}

/// A day with clicks of it, in their order.
pub(super) type DayClicks = (ScopeDay, Vec<Click>);

/// A day's row, as it is written.
pub(super) struct DayRow {
    pub(super) key: ScopeDay,
    /// Those that are new.
    pub(super) clicks: i64,
    pub(super) packed: Vec<u8>,
}
