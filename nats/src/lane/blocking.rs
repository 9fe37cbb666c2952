//! Work on files, which would keep the runtime from its other tasks.

use std::panic::resume_unwind;

/// Runs `work` on a thread that may block; a panic in it is one here.
///
/// Never resolves if the runtime is ending.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => std::future::pending().await,
        },
    }
}
