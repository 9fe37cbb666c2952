//! How long to pause before the next attempt.

use std::time::Duration;

use tokio::time::Instant;

/// Pauses that grow from one to a limit, each of random length, so that rivals don't meet again.
pub(crate) struct Pauses {
    next: Duration,
    max: Duration,
    /// The end of the pause that is under way.
    until: Option<Instant>,
}

impl Pauses {
    pub(crate) const fn new(first: Duration, max: Duration) -> Self {
        Self {
            next: first,
            max,
            until: None,
        }
    }

    /// Sleeps for half to the whole of the next pause.
    ///
    /// Who gives a pause up and calls again only sleeps for the rest of it.
    pub(crate) async fn pause(&mut self) {
        let until = self.until.unwrap_or_else(|| self.begin());
        tokio::time::sleep_until(until).await;
        self.until = None;
    }

    fn begin(&mut self) -> Instant {
        let pause = self.next.mul_f64(rand::random_range(0.5..=1.0));
        self.next = self.next.saturating_mul(2).min(self.max);
        let until = Instant::now() + pause;
        self.until = Some(until);
        until
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, timeout};

    use super::Pauses;

    #[tokio::test]
    async fn a_pause_that_was_given_up_goes_on_where_it_was() {
        let pause = Duration::from_millis(300);
        let mut pauses = Pauses::new(pause, pause);
        let begun = Instant::now();
        while timeout(Duration::from_millis(20), pauses.pause())
            .await
            .is_err()
        {
            assert!(begun.elapsed() < Duration::from_secs(5));
        }
    }
}
