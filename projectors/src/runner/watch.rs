//! What the leader knows of how it fares, between one look and the next.

use std::time::Duration;

use nats::Tail;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::Backoff;

/// How often the leader looks after its session, the log and what is parked.
const LOOK_AFTER_INTERVAL: Duration = Duration::from_secs(1);

/// When to look, and what may be said then.
pub(crate) struct Watch<'b> {
    ticks: Interval,
    reading: watch::Receiver<bool>,
    is_proven: bool,
    backoff: &'b mut Backoff,
}

impl<'b> Watch<'b> {
    /// Begins with a look at once.
    pub(crate) fn over(tail: &Tail, backoff: &'b mut Backoff) -> Self {
        let mut ticks = interval(LOOK_AFTER_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            ticks,
            reading: tail.reading(),
            is_proven: tail.pending() == 0,
            backoff,
        }
    }

    /// Waits until it is time to look. Cancel-safe.
    pub(crate) async fn due(&mut self) {
        self.ticks.tick().await;
    }

    /// Whether the log is read.
    pub(crate) fn is_reading(&self) -> bool {
        *self.reading.borrow()
    }

    /// Whether a batch was applied, or there was none to apply: until then it may still fail, as the last one did.
    pub(crate) fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// A batch was applied.
    pub(crate) fn applied(&mut self) {
        if !self.is_proven {
            self.is_proven = true;
            self.ticks.reset_immediately();
        }
        self.backoff.reset();
    }

    /// The next outage is the first one again.
    pub(crate) fn all_is_well(&mut self) {
        self.backoff.reset();
    }
}
