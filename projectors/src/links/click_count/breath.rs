//! Pauses in long work, so that what goes on beside it in the same task goes on.

use tokio::task::yield_now;

/// How many clicks are looked at in one go, unless one day alone has more: a millisecond of work or two, in which
/// Postgres is fed nothing.
const AT_A_TIME: usize = 4_096;

/// The work since the last pause.
#[derive(Debug, Default)]
pub(super) struct Breath {
    clicks: usize,
}

impl Breath {
    /// Pauses, if so much more work makes it long.
    pub(super) async fn after(&mut self, clicks: usize) {
        self.clicks += clicks;
        if self.clicks >= AT_A_TIME {
            self.clicks = 0;
            yield_now().await;
        }
    }
}
