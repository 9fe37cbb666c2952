//! Under whose name messages go out: a reader skips what doesn't exceed a producer's largest number in a workspace, so
//! a message must never overtake an earlier one of its producer.

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

/// How long a producer stays at least, at first and at most. Readers remember each for months.
const STAYS_FIRST: Duration = Duration::from_secs(1);
const STAYS_MAX: Duration = Duration::from_mins(1);

/// The producer of what is sent now.
#[derive(Debug)]
pub(super) struct Producer {
    id: Uuid,
    number: u64,
    since: Instant,
    stays: Duration,
}

impl Producer {
    pub(super) fn new(id: Uuid, now: Instant) -> Self {
        Self {
            id,
            number: 0,
            since: now,
            stays: STAYS_FIRST,
        }
    }

    pub(super) const fn id(&self) -> Uuid {
        self.id
    }

    /// The number of its next message.
    pub(super) const fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// Gives its place to another one, under whose name nothing was ever sent; unless it came too recently.
    ///
    /// One that soon had to go is followed by one that stays for longer, unless it is urgent that it goes.
    pub(super) fn give_way(&mut self, now: Instant, is_urgent: bool) -> bool {
        let stayed = now - self.since;
        let stays = if is_urgent { STAYS_FIRST } else { self.stays };
        if stayed < stays {
            return false;
        }
        let went_soon = stayed < self.stays * 2;
        *self = Self {
            id: uuid::Builder::from_random_bytes(rand::random()).into_uuid(),
            number: 0,
            since: now,
            stays: if went_soon {
                (self.stays * 2).min(STAYS_MAX)
            } else {
                STAYS_FIRST
            },
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_producer_counts_anew() {
        let begun = Instant::now();
        let mut producer = Producer::new(Uuid::from_u128(7), begun);
        assert_eq!((producer.next_number(), producer.next_number()), (1, 2));
        assert!(!producer.give_way(begun + STAYS_FIRST / 2, true));
        assert_eq!(
            (producer.id(), producer.next_number()),
            (Uuid::from_u128(7), 3)
        );
        assert!(producer.give_way(begun + STAYS_FIRST, false));
        let second = producer.id();
        assert!(second != Uuid::from_u128(7) && producer.next_number() == 1);
        assert!(producer.give_way(begun + STAYS_FIRST * 10, false));
        assert!(producer.id() != second);
    }

    #[test]
    fn those_that_soon_have_to_go_come_ever_more_rarely() {
        let mut now = Instant::now();
        let mut producer = Producer::new(Uuid::nil(), now);
        let mut stays = || {
            let since = now;
            while !producer.give_way(now, false) {
                now += STAYS_FIRST / 10;
            }
            (now - since).as_secs()
        };
        let seconds: Vec<_> = (0..9).map(|_| stays()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        now += STAYS_FIRST;
        assert!(!producer.give_way(now, false) && producer.give_way(now, true));
        now += STAYS_MAX * 2;
        assert!(producer.give_way(now, false) && !producer.give_way(now, false));
        assert!(producer.give_way(now + STAYS_FIRST, false));
    }
}
