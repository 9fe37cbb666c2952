//! The only place that asks the clock and makes ids; everywhere else both are values.

use events::Timestamp;
use time::OffsetDateTime;
use uuid::Uuid;

/// The time, to the microsecond.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks the clock"
)]
pub fn now() -> Timestamp {
    Timestamp::new(OffsetDateTime::now_utc())
}

/// A new `UUIDv7`: unique, and ordered by the time of its making.
#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let first = new_id();
        assert!(first < new_id());
    }
}
