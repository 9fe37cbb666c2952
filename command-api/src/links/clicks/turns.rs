//! Reports take turns at the processor.

use std::thread::available_parallelism;

use tokio::sync::Semaphore;

/// To read and pack a report takes up to milliseconds: of many at once no more are at it than there are cores, so that
/// visitors, and the lane that all clicks wait for, have to wait for a few of them and not for all.
#[derive(Debug)]
pub(crate) struct Turns(Semaphore);

impl Default for Turns {
    fn default() -> Self {
        Self(Semaphore::new(
            available_parallelism().map_or(1, usize::from),
        ))
    }
}

impl Turns {
    /// Does some work when it is its turn; who waits for anything else has none.
    pub(super) async fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        // It is never closed.
        let _turn = self.0.acquire().await;
        work()
    }
}
