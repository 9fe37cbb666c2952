//! Background tasks and their end: the only room that spawns.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use tokio::signal::unix::{SignalKind, signal as listen_to};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The tasks of one process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stopping: CancellationToken,
    failed: watch::Sender<Option<&'static str>>,
    running: Arc<Mutex<BTreeMap<&'static str, usize>>>,
}

/// Tasks that were still running at the deadline.
#[derive(Debug, PartialEq, Eq)]
pub struct Unfinished(pub Vec<&'static str>);

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "still running at the deadline: {}", self.0.join(", "))
    }
}

impl std::error::Error for Unfinished {}

impl Tasks {
    /// Runs `task` until it ends; it should when [`Tasks::stopping`] says so.
    /// Should it panic, that is logged and the whole process is told to stop.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        *self.names().entry(name).or_default() += 1;
        let tasks = self.clone();
        drop(self.tracker.spawn(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                tasks.fail(name);
            }
            tasks.leave(name);
        }));
    }

    /// Runs `task` until it ends, or is dropped where it stands when the process stops: for work that has nothing to finish.
    pub fn spawn_until_stopped(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let stopping = self.stopping();
        self.spawn(name, async move {
            stopping.run_until_cancelled(task).await.unwrap_or_default();
        });
    }

    /// Tells the whole process to stop because `name` cannot go on.
    pub fn fail(&self, name: &'static str) {
        tracing::error!(task = name, "a task failed; stopping");
        self.failed.send_replace(Some(name));
        self.stopping.cancel();
    }

    /// Is cancelled when the process should stop.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Waits until a task has failed, and names it.
    pub async fn failed(&self) -> &'static str {
        let mut failed = self.failed.subscribe();
        match failed.wait_for(Option::is_some).await.map(|name| *name) {
            Ok(Some(name)) => name,
            // Not reached: the sender lives in `self`.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// Tells all tasks to stop and waits for them, `deadline` at most.
    pub async fn stop(&self, deadline: Duration) -> Result<(), Unfinished> {
        self.stopping.cancel();
        self.tracker.close();
        match tokio::time::timeout(deadline, self.tracker.wait()).await {
            Ok(()) => Ok(()),
            Err(_) => Err(Unfinished(self.names().keys().copied().collect())),
        }
    }

    fn names(&self) -> MutexGuard<'_, BTreeMap<&'static str, usize>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, name: &'static str) {
        let mut names = self.names();
        if let Some(count) = names.get_mut(name) {
            *count -= 1;
        }
        names.retain(|_, count| *count > 0);
    }
}

/// Waits for Ctrl-C or SIGTERM.
pub async fn signal() -> std::io::Result<()> {
    let mut interrupt = listen_to(SignalKind::interrupt())?;
    let mut terminate = listen_to(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn tasks_end_when_told_to() {
        let tasks = Tasks::default();
        let stopping = tasks.stopping();
        tasks.spawn("worker", async move { stopping.cancelled().await });
        assert_eq!(tasks.stop(SOON).await, Ok(()));
    }

    #[tokio::test]
    async fn a_task_with_nothing_to_finish_is_dropped() {
        let tasks = Tasks::default();
        tasks.spawn_until_stopped("watcher", std::future::pending());
        assert_eq!(tasks.stop(SOON).await, Ok(()));
    }

    #[tokio::test]
    async fn a_task_that_hangs_is_named() {
        let tasks = Tasks::default();
        tasks.spawn("quick", async {});
        tasks.spawn("stuck", std::future::pending());
        assert_eq!(tasks.stop(SOON / 100).await, Err(Unfinished(vec!["stuck"])));
    }

    #[tokio::test]
    async fn a_task_that_panics_stops_the_others() {
        let tasks = Tasks::default();
        let stopping = tasks.stopping();
        tasks.spawn("worker", async move { stopping.cancelled().await });
        tasks.spawn("broken", async { panic!("on purpose") });
        assert_eq!(tasks.failed().await, "broken");
        assert_eq!(tasks.stop(SOON).await, Ok(()));
    }
}
