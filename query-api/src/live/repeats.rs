//! Telling a message that came again from a new one.
//!
//! Numbers tell: of one producer and workspace they only grow. But a reader begins somewhere, and what came again may
//! have come first before that. When it was packed tells where that can't be; else the log must be asked.

use std::collections::HashMap;

use events::{Timestamp, WorkspaceId};
use time::Duration;
use uuid::Uuid;

/// Marks of one generation; some 10 MB.
const MARKS_MAX: usize = 65_536;
/// How far the clock of a command-api may be ahead of the broker's.
const CLOCKS_APART_MAX: Duration = Duration::seconds(30);

/// Which message of a producer it is: a repeat has the number of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) producer: Uuid,
    pub(super) number: u64,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    New,
    Repeat,
    /// New, unless the log has held its like since then.
    Doubtful {
        since: Timestamp,
    },
}

/// What is known of a producer in a workspace.
#[derive(Clone, Copy)]
struct Mark {
    number: u64,
    /// Whether no larger number has come before.
    is_last: bool,
}

type Marks = HashMap<(Uuid, WorkspaceId), Mark>;

/// The last number of each producer and workspace, as far as a reader has seen the log.
///
/// In two generations: when the younger is full, the older is forgotten.
#[derive(Default)]
pub(super) struct Repeats {
    young: Marks,
    old: Marks,
    /// Every message that the broker stored then or later has left a mark; all messages have, if none.
    since: Option<Timestamp>,
    /// The same of the younger generation alone.
    young_since: Option<Timestamp>,
}

impl Repeats {
    /// Of a reader who has seen nothing that the broker stored before `since`.
    pub(super) fn since(since: Timestamp) -> Self {
        Self {
            since: Some(since),
            ..Self::default()
        }
    }

    /// Takes in a message of which only the headers are known.
    pub(super) fn note(&mut self, workspace: WorkspaceId, batch: Batch, stored_at: Timestamp) {
        let known = self.mark(workspace, batch.producer);
        if known.is_none_or(|known| known.number < batch.number) {
            let is_last = known.is_some_and(|known| known.is_last);
            self.put(workspace, batch, is_last, stored_at);
        }
    }

    /// What the message is; remembers it unless that is doubtful.
    ///
    /// It can only have been stored after it was packed, each time that it was.
    pub(super) fn judge(
        &mut self,
        workspace: WorkspaceId,
        batch: Batch,
        stored_at: Timestamp,
        packed_at: Timestamp,
    ) -> Verdict {
        let known = self.mark(workspace, batch.producer);
        if known.is_some_and(|known| batch.number <= known.number) {
            return Verdict::Repeat;
        }
        if !known.is_some_and(|known| known.is_last)
            && let Some(since) = self.since
        {
            let possible = by_the_brokers_clock(packed_at);
            if possible < since {
                return Verdict::Doubtful { since: possible };
            }
        }
        self.put(workspace, batch, true, stored_at);
        Verdict::New
    }

    /// Takes in what the log says of a doubtful message: the producer's largest number before it.
    ///
    /// Whether the message is a repeat.
    pub(super) fn settle(
        &mut self,
        workspace: WorkspaceId,
        batch: Batch,
        stored_at: Timestamp,
        largest: Option<u64>,
    ) -> bool {
        let largest = largest.unwrap_or(0);
        let last = Batch {
            number: batch.number.max(largest),
            ..batch
        };
        self.put(workspace, last, true, stored_at);
        batch.number <= largest
    }

    fn mark(&self, workspace: WorkspaceId, producer: Uuid) -> Option<Mark> {
        let key = (producer, workspace);
        self.young.get(&key).or_else(|| self.old.get(&key)).copied()
    }

    fn put(&mut self, workspace: WorkspaceId, last: Batch, is_last: bool, stored_at: Timestamp) {
        if self.young.len() >= MARKS_MAX {
            self.old = std::mem::take(&mut self.young);
            self.since = self.young_since.or(self.since);
            self.young_since = Some(stored_at);
        }
        let number = last.number;
        self.young
            .insert((last.producer, workspace), Mark { number, is_last });
    }
}

/// The earliest that it may have been there.
fn by_the_brokers_clock(time: Timestamp) -> Timestamp {
    let earliest = time.odt().checked_sub(CLOCKS_APART_MAX);
    Timestamp::new(earliest.unwrap_or(time::OffsetDateTime::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: WorkspaceId = WorkspaceId::new(Uuid::from_u128(1));
    const THERE: WorkspaceId = WorkspaceId::new(Uuid::from_u128(2));

    const fn batch(producer: u128, number: u64) -> Batch {
        Batch {
            producer: Uuid::from_u128(producer),
            number,
        }
    }

    /// A time of one minute.
    fn at(second: u8) -> Timestamp {
        format!("2026-11-21T10:00:{second:02}Z").parse().unwrap()
    }

    /// What a message is that is stored in the moment in which it is packed.
    fn prompt(repeats: &mut Repeats, workspace: WorkspaceId, batch: Batch) -> Verdict {
        repeats.judge(workspace, batch, at(59), at(59))
    }

    #[test]
    fn a_number_that_does_not_grow_is_a_repeat_in_its_workspace_and_producer_only() {
        let mut repeats = Repeats::default();
        for (workspace, batch, verdict) in [
            (HERE, batch(1, 7), Verdict::New),
            (HERE, batch(1, 7), Verdict::Repeat),
            (HERE, batch(1, 6), Verdict::Repeat),
            (HERE, batch(1, 9), Verdict::New),
            (THERE, batch(1, 7), Verdict::New),
            (HERE, batch(2, 7), Verdict::New),
        ] {
            assert_eq!(prompt(&mut repeats, workspace, batch), verdict, "{batch:?}");
        }
    }

    #[test]
    fn who_has_read_from_the_beginning_doubts_nothing() {
        let mut repeats = Repeats::default();
        let judged = repeats.judge(HERE, batch(1, 7), at(59), at(0));
        assert_eq!(judged, Verdict::New);
    }

    #[test]
    fn a_message_is_doubtful_if_its_like_may_have_come_before_the_reader() {
        let mut repeats = Repeats::since(at(20));
        let doubtful = Verdict::Doubtful { since: at(19) };
        let mut judge = |number, packed| repeats.judge(HERE, batch(1, number), at(55), packed);
        assert_eq!(judge(7, at(49)), doubtful);
        assert_eq!(judge(7, at(49)), doubtful, "it left no mark");
        assert_eq!(judge(8, at(50)), Verdict::New);
        assert_eq!(judge(9, at(0)), Verdict::New, "all before 8 is over");
        assert_eq!(judge(7, at(49)), Verdict::Repeat);
    }

    #[test]
    fn a_mark_from_the_headers_alone_may_not_be_the_last() {
        let mut repeats = Repeats::since(at(20));
        repeats.note(HERE, batch(1, 7), at(21));
        repeats.note(HERE, batch(1, 5), at(22));
        let mut judge = |number, packed| repeats.judge(HERE, batch(1, number), at(55), packed);
        assert_eq!(judge(7, at(0)), Verdict::Repeat);
        let doubtful = Verdict::Doubtful { since: at(0) };
        assert_eq!(judge(8, at(30)), doubtful);
        assert_eq!(judge(8, at(50)), Verdict::New);
    }

    #[test]
    fn what_the_log_says_settles_it() {
        let mut repeats = Repeats::since(at(20));
        assert!(!repeats.settle(HERE, batch(1, 7), at(21), None));
        assert!(!repeats.settle(HERE, batch(2, 7), at(21), Some(6)));
        assert!(repeats.settle(HERE, batch(3, 7), at(21), Some(9)));
        let mut judge =
            |producer, number| repeats.judge(HERE, batch(producer, number), at(22), at(0));
        assert_eq!(judge(1, 8), Verdict::New);
        assert_eq!(judge(2, 7), Verdict::Repeat);
        assert_eq!(judge(3, 9), Verdict::Repeat);
        assert_eq!(judge(3, 10), Verdict::New);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_what_is_forgotten_is_doubtful() {
        let mut repeats = Repeats::default();
        let producers = 3 * MARKS_MAX;
        let minute = |count: usize| {
            let minutes = Duration::minutes(i64::try_from(count).unwrap());
            Timestamp::new(at(30).odt() + minutes)
        };
        let mut judge = |producer: usize, now: usize| {
            let batch = batch(producer as u128, 1);
            repeats.judge(HERE, batch, minute(now), minute(producer))
        };
        for producer in 0..producers {
            assert_eq!(judge(producer, producer), Verdict::New);
        }
        assert_eq!(judge(producers - 1, producers), Verdict::Repeat);
        let doubtful = Verdict::Doubtful { since: at(0) };
        assert_eq!(judge(0, producers), doubtful);
        assert!(repeats.young.len() + repeats.old.len() <= 2 * MARKS_MAX);
    }
}
