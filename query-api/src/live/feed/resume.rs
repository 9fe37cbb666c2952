//! Where a subscriber wants to begin, and where it can.

use std::sync::Arc;

use nats::{ReadError, StreamState};
use service::body::Faults;
use service::problem::Problem;

use super::behind::Behind;
use super::{Feed, Stage};
use crate::live::cursor::{Cursor, Log};
use crate::live::hub::Subscription;
use crate::live::past::Past;

/// From where on a subscriber wants to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::live) enum Resume {
    /// From now on.
    Now,
    /// Everything that is kept.
    Start,
    /// What came after a place.
    After(Cursor),
}

impl Resume {
    /// For what has no past.
    pub(in crate::live) fn must_be_now(self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        if self != Self::Now {
            faults.add("/cursor", "there is nothing to resume here");
        }
        faults.finish()
    }
}

/// Where it begins.
#[derive(Debug, PartialEq, Eq)]
struct Beginning {
    at: Cursor,
    /// What came after this, and up to there, cannot be had.
    gap_from: Option<Cursor>,
}

impl Feed {
    /// Asks the log only if something may have been missed.
    pub(in crate::live) async fn open(
        past: Arc<Past>,
        subscription: Subscription,
        resume: Resume,
    ) -> Result<Self, ReadError> {
        let beginning = match resume {
            Resume::Now => None,
            Resume::Start => Some(start(&past.state().await?)),
            Resume::After(cursor) => Some(after(cursor, &past.state().await?)),
        };
        let (at, gap_from) =
            beginning.map_or((subscription.start, None), |it| (it.at, it.gap_from));
        let behind = (resume != Resume::Now).then(|| {
            let is_whole = resume == Resume::Start;
            Box::new(Behind::new(is_whole))
        });
        Ok(Self {
            subscription,
            past,
            at,
            known: gap_from.unwrap_or(at),
            stage: Stage::Begins { gap_from, behind },
        })
    }
}

fn start(state: &StreamState) -> Beginning {
    Beginning {
        at: kept_from(state),
        gap_from: None,
    }
}

fn after(cursor: Cursor, state: &StreamState) -> Beginning {
    let is_of_this_log = cursor.log == Log::of(state.incarnation);
    if !is_of_this_log || cursor.sequence > state.last_sequence {
        // Nobody knows what of this log was told already, so that nothing of it is told again.
        return Beginning {
            at: Cursor::behind(Log::of(state.incarnation), state.last_sequence),
            gap_from: Some(cursor),
        };
    }
    let kept = kept_from(state);
    if cursor.covers(kept) {
        Beginning {
            at: cursor,
            gap_from: None,
        }
    } else {
        Beginning {
            at: kept,
            gap_from: Some(cursor),
        }
    }
}

/// Behind what is no longer kept.
fn kept_from(state: &StreamState) -> Cursor {
    let gone = state.first_sequence.saturating_sub(1);
    Cursor::behind(Log::of(state.incarnation), gone)
}

#[cfg(test)]
mod tests {
    use nats::Incarnation;
    use uuid::Uuid;

    use super::*;

    const STATE: StreamState = StreamState {
        incarnation: Incarnation::new(Uuid::from_u128(7)),
        first_sequence: 11,
        last_sequence: 20,
        messages: 10,
        bytes: 10,
    };
    const LOG: Log = Log::of(STATE.incarnation);
    const OTHER: Log = Log::of(Incarnation::new(Uuid::from_u128(8)));

    fn begins(at: Cursor, gap_from: Option<Cursor>) -> Beginning {
        Beginning { at, gap_from }
    }

    #[test]
    fn the_start_is_what_is_kept() {
        assert_eq!(start(&STATE), begins(Cursor::behind(LOG, 10), None));
    }

    #[test]
    fn a_cursor_of_what_is_kept_has_no_gap() {
        for cursor in [
            Cursor::behind(LOG, 10),
            Cursor::at(LOG, 11, 0),
            Cursor::behind(LOG, 20),
        ] {
            assert_eq!(after(cursor, &STATE), begins(cursor, None));
        }
    }

    #[test]
    fn an_older_cursor_has_a_gap_up_to_what_is_kept() {
        for cursor in [Cursor::behind(LOG, 9), Cursor::at(LOG, 10, 3)] {
            let kept = Cursor::behind(LOG, 10);
            assert_eq!(after(cursor, &STATE), begins(kept, Some(cursor)));
        }
    }

    #[test]
    fn a_cursor_of_another_log_or_beyond_its_end_has_a_gap_up_to_now() {
        for cursor in [Cursor::at(OTHER, 15, 0), Cursor::at(LOG, 21, 0)] {
            let now = Cursor::behind(LOG, 20);
            assert_eq!(after(cursor, &STATE), begins(now, Some(cursor)));
        }
    }
}
