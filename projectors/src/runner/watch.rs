//! What the leader knows of how it fares, between one look and the next.

use super::Backoff;
use nats::Tail;
use tokio::sync::watch;

/// What may be said after a look.
pub(crate) struct Watch<'b> {
    reading: watch::Receiver<bool>,
    is_proven: bool,
    backoff: &'b mut Backoff,
}

impl<'b> Watch<'b> {
    pub(crate) fn over(tail: &Tail, backoff: &'b mut Backoff) -> Self {
        Self {
            reading: tail.reading(),
            is_proven: tail.pending() == 0,
            backoff,
        }
    }

    /// Whether the log is read.
    pub(crate) fn is_reading(&self) -> bool {
        *self.reading.borrow()
    }

    /// Whether a batch was applied, or there was none to apply: until then it may still fail, as the last one did.
    pub(crate) fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// A batch was applied; tells whether it is the first.
    pub(crate) fn applied(&mut self) -> bool {
        self.backoff.reset();
        !std::mem::replace(&mut self.is_proven, true)
    }

    /// The next outage is the first one again.
    pub(crate) fn all_is_well(&mut self) {
        self.backoff.reset();
    }
}
