//! Reports take turns at the processor.

use std::thread::available_parallelism;

use tokio::sync::Semaphore;
use tokio::task::yield_now;

/// To read and pack a report takes up to milliseconds: of many that come at once only a few are at it before everybody
/// else has had a turn, visitors and the lane that all clicks wait for.
#[derive(Debug)]
pub(crate) struct Turns(Semaphore);

impl Default for Turns {
    fn default() -> Self {
        Self::of(available_parallelism().map_or(1, usize::from))
    }
}

impl Turns {
    /// So many at once.
    fn of(count: usize) -> Self {
        Self(Semaphore::new(count))
    }

    /// Does some work when it is its turn; who waits for anything else has none.
    pub(super) async fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        // It is never closed.
        let _turn = self.0.acquire().await;
        let done = work();
        // The turn ends only when it comes round again: a core that is free at once would take the next report.
        yield_now().await;
        done
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::JoinSet;

    use super::Turns;

    #[tokio::test]
    async fn who_comes_after_many_reports_waits_for_a_few() {
        let (turns, done) = (Arc::new(Turns::of(2)), Arc::new(AtomicUsize::new(0)));
        let mut reports = JoinSet::new();
        for _ in 0..50 {
            let (turns, done) = (Arc::clone(&turns), Arc::clone(&done));
            reports.spawn(async move { turns.run(|| done.fetch_add(1, Ordering::Relaxed)).await });
        }
        let (mut visitor, seen) = (JoinSet::new(), Arc::clone(&done));
        visitor.spawn(async move { seen.load(Ordering::Relaxed) });
        assert_eq!(visitor.join_all().await, [2]);
        reports.join_all().await;
        assert_eq!(done.load(Ordering::Relaxed), 50);
    }
}
