//! The only place that asks the clock and makes ids; everywhere else both are values.

use events::Timestamp;
use time::OffsetDateTime;
use uuid::{ContextV7, Uuid};

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

/// Makes ids as [`new_id`] does, for what happens at one moment: the clock is asked once.
///
/// They are in order among each other, and in none with other ids of that millisecond.
#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
pub fn new_ids() -> impl FnMut() -> Uuid {
    let (since_1970, counter) = (
        OffsetDateTime::now_utc() - OffsetDateTime::UNIX_EPOCH,
        ContextV7::new(),
    );
    let seconds = since_1970.whole_seconds().unsigned_abs();
    let nanoseconds = since_1970.subsec_nanoseconds().unsigned_abs();
    move || Uuid::new_v7(uuid::Timestamp::from_unix(&counter, seconds, nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_moment_differ_and_sort_after_earlier_ones() {
        let before = new_id();
        let mut new_id = new_ids();
        let ids: Vec<_> = (0..1_000).map(|_| new_id()).collect();
        let (first, is_sorted) = (ids[0], ids.is_sorted_by(|one, next| one < next));
        assert!(is_sorted && ids.iter().all(|it| it.get_version_num() == 7));
        let millisecond = |id: Uuid| id.as_u128() >> 80;
        assert!(
            millisecond(before) <= millisecond(first)
                && millisecond(first) == millisecond(ids[999])
        );
        assert_ne!(first, new_ids()(), "another moment");
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let first = new_id();
        assert!(first < new_id());
    }
}
