//! How long to wait before trying again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(5);

/// Waits that double up to a limit; each is shortened by chance, so that many don't come back at once.
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(crate) const fn new() -> Self {
        Self { next: FIRST }
    }

    /// Whether nothing went wrong since all was well.
    pub(crate) fn is_fresh(&self) -> bool {
        self.next == FIRST
    }

    /// All is well again.
    pub(crate) const fn reset(&mut self) {
        self.next = FIRST;
    }

    /// Waits.
    pub(crate) async fn pause(&mut self) {
        tokio::time::sleep(self.step()).await;
    }

    fn step(&mut self) -> Duration {
        let longest = self.next;
        self.next = (longest * 2).min(LONGEST);
        rand::random_range(longest / 2..=longest)
    }
}

#[cfg(test)]
mod tests {
    use super::{Backoff, FIRST, LONGEST};

    #[test]
    fn waits_grow_to_the_limit_and_start_again_after_a_success() {
        let mut backoff = Backoff::new();
        let steps: Vec<_> = (0..20).map(|_| backoff.step()).collect();
        assert!(
            steps
                .iter()
                .all(|step| (FIRST / 2..=LONGEST).contains(step)),
            "{steps:?}"
        );
        assert!(steps[19] >= LONGEST / 2);
        assert!(!backoff.is_fresh());
        backoff.reset();
        assert!(backoff.is_fresh());
        assert!(backoff.step() <= FIRST);
    }
}
