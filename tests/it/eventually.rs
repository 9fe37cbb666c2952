//! Waiting for what must come true: bounded, and with a last word of what was seen instead.

use std::fmt::Debug;
use std::time::Duration;

use tokio::time::Instant;

/// Far more than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// Between two questions.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks until the answer is good; panics with the last one when that takes too long.
pub(crate) async fn eventually<T, E: Debug>(
    what: &str,
    ask: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    within(PATIENCE, what, ask).await
}

/// As [`eventually`], where the time that it takes is part of the promise.
pub(crate) async fn within<T, E: Debug>(
    patience: Duration,
    what: &str,
    mut ask: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let started = Instant::now();
    loop {
        match ask().await {
            Ok(good) => return good,
            Err(last) if started.elapsed() > patience => {
                panic!("not within {patience:?}: {what}; last saw {last:?}")
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
