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

/// What is stored of a day, as far as its next clicks need it.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// All clicks.
    pub(super) clicks: usize,
    /// The packed ones: all parts, in any order, if with the next there are enough to be added up; else the part in
    /// which they go on.
    pub(super) packed: Vec<Vec<u8>>,
}

/// A part of a day, as it is written.
pub(super) struct PartRow {
    pub(super) key: ScopeDay,
    pub(super) part: i16,
    /// Those that are new.
    pub(super) clicks: i64,
    pub(super) packed: Vec<u8>,
}
