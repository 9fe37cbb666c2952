//! How long to pause before the next attempt.

use std::time::Duration;

/// Pauses that grow from one to a limit, each of random length, so that rivals don't meet again.
pub(crate) struct Pauses {
    next: Duration,
    max: Duration,
}

impl Pauses {
    pub(crate) const fn new(first: Duration, max: Duration) -> Self {
        Self { next: first, max }
    }

    /// Sleeps for half to the whole of the next pause.
    pub(crate) async fn pause(&mut self) {
        let pause = self.next.mul_f64(rand::random_range(0.5..=1.0));
        self.next = self.next.saturating_mul(2).min(self.max);
        tokio::time::sleep(pause).await;
    }
}
