//! What stands on the log already, for those who come back: so much of it at once, and no more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use events::{StreamName, Subject, Timestamp, WorkspaceId};
use nats::{Broker, ReadError, RequestError, StoredMessage, StreamState};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::message::Message;

/// Pages that are read or handed on at once, of up to [`PAGE_BYTES_MAX`] and a message of half a megabyte.
const PAGES_MAX: usize = 64;
/// Those of one workspace.
const PAGES_OF_WORKSPACE_MAX: usize = 16;
/// Who takes longer over a page than this lags: others wait for its place.
pub(super) const HOLDING_MAX: Duration = Duration::from_secs(10);
const PAGE_MESSAGES_MAX: usize = 256;
const PAGE_BYTES_MAX: usize = 256 * 1024;
/// Answers that are kept, of some 50 bytes: many who come back at once ask for the same.
const ANSWERS_MAX: usize = 4_096;
/// Workspaces whose bounds are kept though nobody reads, before they are looked through.
const BOUNDS_MAX: usize = 1_024;

/// Reads CLICKS by workspace.
pub(super) struct Past {
    /// None where nothing is followed.
    broker: Option<Broker>,
    holding_max: Duration,
    /// Those who hold pages.
    holders: TaskTracker,
    pages: Arc<Semaphore>,
    of_workspace: Mutex<HashMap<WorkspaceId, Weak<Semaphore>>>,
    answers: Mutex<HashMap<Question, Option<u64>>>,
}

/// Which number a producer had reached in a workspace before a sequence. The log never answers it otherwise.
#[derive(PartialEq, Eq, Hash)]
struct Question {
    producer: Uuid,
    number: u64,
    sequence: u64,
}

/// Leave to read a page.
pub(super) struct Slot {
    _of_workspace: OwnedSemaphorePermit,
    _of_process: OwnedSemaphorePermit,
}

/// Leave to hold a page until it is handed on, and not for long.
pub(super) struct Holding(oneshot::Sender<()>);

impl Holding {
    /// Whether the leave has been taken away.
    pub(super) fn is_overdue(&self) -> bool {
        self.0.is_closed()
    }
}

impl Past {
    /// Its tasks, which end with those who read, are among `holders`.
    pub(super) fn new(broker: Option<Broker>, holders: TaskTracker, holding_max: Duration) -> Self {
        Self {
            broker,
            holding_max,
            holders,
            pages: Arc::new(Semaphore::new(PAGES_MAX)),
            of_workspace: Mutex::default(),
            answers: Mutex::default(),
        }
    }

    /// Waits for its turn; `None` never comes, since the semaphores are never closed.
    pub(super) async fn slot(&self, workspace: WorkspaceId) -> Option<Slot> {
        // That of the workspace first: who waits for it keeps nobody else waiting.
        let of_workspace = self.bound(workspace).acquire_owned().await.ok()?;
        let of_process = Arc::clone(&self.pages).acquire_owned().await.ok()?;
        Some(Slot {
            _of_workspace: of_workspace,
            _of_process: of_process,
        })
    }

    /// A place for a page that is handed on.
    ///
    /// Who hands it on may not get a turn while its peer takes nothing, so another task watches the time.
    pub(super) fn hold(&self, slot: Slot) -> Holding {
        let (holding, handed_on) = oneshot::channel();
        let holding_max = self.holding_max;
        self.holders.spawn(async move {
            drop(timeout(holding_max, handed_on).await);
            drop(slot);
        });
        Holding(holding)
    }

    /// How CLICKS stands.
    pub(super) async fn state(&self) -> Result<StreamState, ReadError> {
        self.broker()?.stream_state(StreamName::Clicks).await
    }

    /// The sequence of a workspace's last message; 0 if it has none.
    pub(super) async fn last(&self, workspace: WorkspaceId) -> Result<u64, ReadError> {
        let subject = Subject::Clicks(workspace);
        let last = self.broker()?.last_from_leader(&subject).await?;
        Ok(last.map_or(0, |it| it.position.sequence))
    }

    /// A workspace's messages from a sequence on, as far as a page goes.
    ///
    /// There may be more though none comes, since the replica that answers may lag behind.
    pub(super) async fn page(
        &self,
        workspace: WorkspaceId,
        from: u64,
    ) -> Result<Vec<StoredMessage>, ReadError> {
        let subject = Subject::Clicks(workspace);
        self.broker()?
            .excerpt(&subject, from, PAGE_MESSAGES_MAX, PAGE_BYTES_MAX)
            .await
    }

    /// The largest number that the producer of `message` had in its workspace before it, among what was stored since.
    pub(super) async fn largest_before(
        &self,
        message: &Message<'_>,
        since: Timestamp,
    ) -> Result<Option<u64>, ReadError> {
        let Some(batch) = message.batch else {
            return Ok(None);
        };
        let question = Question {
            producer: batch.producer,
            number: batch.number,
            sequence: message.sequence,
        };
        if let Some(known) = self.answers().get(&question) {
            return Ok(*known);
        }
        let mut largest = None;
        let compare = |stored: &StoredMessage| {
            let earlier = Message::of(stored).filter(|it| it.sequence < message.sequence);
            let earlier = earlier.and_then(|it| it.batch);
            let number = earlier.filter(|it| it.producer == batch.producer);
            largest = largest.max(number.map(|it| it.number));
        };
        let subject = Some(Subject::Clicks(message.workspace));
        self.broker()?
            .skim(
                StreamName::Clicks,
                subject,
                since,
                message.sequence,
                compare,
            )
            .await?;
        let mut answers = self.answers();
        if answers.len() >= ANSWERS_MAX {
            answers.clear();
        }
        answers.insert(question, largest);
        Ok(largest)
    }

    /// The log is another one now.
    pub(super) fn forget(&self) {
        self.answers().clear();
    }

    fn broker(&self) -> Result<&Broker, RequestError> {
        let nobody = || RequestError::NoAnswer("there is no broker".to_owned());
        self.broker.as_ref().ok_or_else(nobody)
    }

    fn bound(&self, workspace: WorkspaceId) -> Arc<Semaphore> {
        let mut bounds = self
            .of_workspace
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(bound) = bounds.get(&workspace).and_then(Weak::upgrade) {
            return bound;
        }
        if bounds.len() >= BOUNDS_MAX {
            bounds.retain(|_, bound| bound.strong_count() > 0);
        }
        let bound = Arc::new(Semaphore::new(PAGES_OF_WORKSPACE_MAX));
        bounds.insert(workspace, Arc::downgrade(&bound));
        bound
    }

    /// A panic elsewhere leaves them whole.
    fn answers(&self) -> MutexGuard<'_, HashMap<Question, Option<u64>>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    const HERE: WorkspaceId = WorkspaceId::new(Uuid::from_u128(1));
    const SOON: Duration = Duration::from_secs(10);

    async fn all_held(past: &Past) -> Vec<Holding> {
        let mut held = Vec::new();
        for _ in 0..PAGES_OF_WORKSPACE_MAX {
            held.push(past.hold(past.slot(HERE).await.unwrap()));
        }
        assert!(past.slot(HERE).now_or_never().is_none(), "there is room");
        held
    }

    #[tokio::test]
    async fn who_does_not_take_its_pages_holds_up_nobody_for_long() {
        let past = Past::new(None, TaskTracker::new(), Duration::from_millis(50));
        let held = all_held(&past).await;
        let slot = timeout(SOON, past.slot(HERE)).await.expect("room");
        assert!(slot.is_some() && held.iter().any(Holding::is_overdue));
    }

    #[tokio::test]
    async fn a_page_that_was_handed_on_makes_room_at_once() {
        let past = Past::new(None, TaskTracker::new(), SOON * 60);
        let mut held = all_held(&past).await;
        held.pop();
        let slot = timeout(SOON, past.slot(HERE)).await.expect("room");
        assert!(slot.is_some() && !held.iter().any(Holding::is_overdue));
    }
}
