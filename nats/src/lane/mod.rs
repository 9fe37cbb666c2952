//! The lane of clicks: whatever arrived while the last message was under way goes out as the next.
//!
//! A group commit: a lone click waits for nothing, and many share one sync of the broker's disk.
//! Each workspace has at most one message under way. One that the broker doesn't acknowledge at once goes to the
//! spool, which sends it under its producer and number until it is acknowledged, and before any later one of them:
//! what goes straight to the broker meanwhile has another producer.
//! So a reader that remembers each producer's last number per workspace counts every click once.

mod blocking;
mod drain;
mod message;
mod pack;
mod producer;
mod promises;
mod pump;
mod queue;
mod worker;

use std::cell::Cell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use events::links::ClickEvent;
use events::{Position, WorkspaceId};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::message::MESSAGE_BYTES_MAX;
use crate::spool::Ledger;
use crate::{Broker, Spool, SpoolFigures};
use queue::{Fate, Queue};
use worker::Worker;

pub use pack::MESSAGE_CLICKS_MAX;
pub use queue::LANE_CLICKS_MAX;

/// The header that names the producer of a message of clicks: a UUID per start of a process, and another one whenever
/// clicks go past those that still wait in its spool.
pub const PRODUCER_HEADER: &str = "millrace-producer";
/// The header that counts a producer's messages: it grows from one message of a workspace to the next, with gaps.
pub const BATCH_HEADER: &str = "millrace-batch";

/// The way into the log for clicks.
#[derive(Clone, Debug)]
pub struct ClickLane {
    shared: Arc<Shared>,
    ledger: Arc<Ledger>,
}

/// Where a click is kept, whatever crashes from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The broker has acknowledged it: its message stands there.
    InLog(Position),
    /// It is synced to the spool, and will be in the log.
    InSpool,
}

impl Kept {
    /// Where clicks are kept together with later ones, which may have gone past them.
    const fn and(self, later: Self) -> Self {
        match self {
            Self::InSpool => Self::InSpool,
            Self::InLog(_) => later,
        }
    }
}

/// A click is not known to be kept.
#[derive(Debug, thiserror::Error)]
pub enum LaneError {
    /// More clicks wait than may: this one was not taken.
    #[error("too many clicks wait for the broker")]
    Full,
    /// Neither the broker nor the spool's disk has taken it in time; it may still be stored later.
    #[error("neither the broker nor the spool has taken the click in time")]
    Unacknowledged,
    /// The broker is away and the spool is full: it is given up, and counted as dropped.
    #[error("the broker is away and the spool is full: the click is dropped")]
    Dropped,
    /// The process is about to end: this one was not taken, or is given up.
    #[error("the lane is closed")]
    Closed,
    /// It alone is larger than a message may be.
    #[error("the click is too large")]
    TooLarge,
    /// It cannot be written as JSON.
    #[error("the click cannot be written as JSON")]
    Encode(#[from] serde_json::Error),
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    arrived: Notify,
}

impl Shared {
    /// Each change of the queue is whole before the next step that could panic, so a poisoned one is sound.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for what becomes of a message.
async fn kept(mut outcome: queue::Outcome) -> Result<Kept, LaneError> {
    match outcome.wait_for(Option::is_some).await.map(|fate| *fate) {
        Ok(Some(Fate::Kept(kept))) => Ok(kept),
        Ok(Some(Fate::Late)) => Err(LaneError::Unacknowledged),
        Ok(Some(Fate::Dropped)) => Err(LaneError::Dropped),
        Ok(None) | Err(_) => Err(LaneError::Closed),
    }
}

impl ClickLane {
    /// A lane, and its worker, which must be driven.
    ///
    /// `producer` is the first, and one that no lane ever had. What waits in the spool goes out under the producers of
    /// its time.
    /// The worker ends when `shutdown` is cancelled and all clicks are kept; if the broker is there, what waits in
    /// the spool is drained first, for as long as there is time.
    pub fn new(
        broker: Broker,
        producer: Uuid,
        spool: Spool,
        shutdown: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let shared = Arc::<Shared>::default();
        let ledger = Arc::clone(&spool.ledger);
        let worker = Worker::new(broker, producer, spool, Arc::clone(&shared));
        (Self { shared, ledger }, worker.run(shutdown))
    }

    /// How the spool stands.
    pub fn spool(&self) -> SpoolFigures {
        self.ledger.figures()
    }

    /// Adds a click at once; what it gives back resolves when the message that holds it is kept, with where.
    ///
    /// Whoever stops waiting breaks nothing: the click is kept all the same.
    pub fn record(
        &self,
        workspace: WorkspaceId,
        event: &ClickEvent<'_>,
    ) -> impl Future<Output = Result<Kept, LaneError>> + Send + use<> {
        let added = self.add(workspace, event);
        async move { kept(added?).await }
    }

    /// As [`ClickLane::record`], for several clicks: where the last of them is kept, once all are; in the spool, if any
    /// of them is.
    ///
    /// [`LaneError::Full`] and [`LaneError::TooLarge`] have taken none of them; after another error some may be kept.
    pub fn record_all<'e, I: Iterator<Item = ClickEvent<'e>>>(
        &self,
        workspace: WorkspaceId,
        events: I,
    ) -> impl Future<Output = Result<Option<Kept>, LaneError>> + Send + use<'e, I> {
        let added = self.add_all(workspace, events);
        async move {
            let mut all: Option<Kept> = None;
            for outcome in added? {
                let next = kept(outcome).await?;
                all = Some(all.map_or(next, |before| before.and(next)));
            }
            Ok(all)
        }
    }

    /// Adds them one behind the other, all or none; one outcome for each message that holds some.
    fn add_all<'e>(
        &self,
        workspace: WorkspaceId,
        events: impl Iterator<Item = ClickEvent<'e>>,
    ) -> Result<Vec<queue::Outcome>, LaneError> {
        let (mut jsons, mut ends) = (written_before(), Vec::with_capacity(events.size_hint().0));
        for event in events {
            let start = jsons.len();
            event.write(&mut jsons)?;
            if jsons.len() - start + 2 > MESSAGE_BYTES_MAX {
                return Err(LaneError::TooLarge);
            }
            ends.push((event.id, jsons.len()));
        }
        let (count, mut start) = (ends.len(), 0);
        let clicks = ends.into_iter().map(|(id, end)| {
            let json = jsons.get(std::mem::replace(&mut start, end)..end);
            (id, json.unwrap_or_default())
        });
        // Half of the room, here and in the spool, is for those who come one by one, as visitors do.
        let mut queue = self.shared.queue();
        let is_spooling = !self.ledger.is_passed();
        if !queue.has_room(count + LANE_CLICKS_MAX / 2) || is_spooling && self.ledger.is_half_full()
        {
            return Err(LaneError::Full);
        }
        let added = queue.add_all(workspace, clicks)?;
        drop(queue);
        write_again(jsons);
        if added.completes {
            self.shared.arrived.notify_one();
        }
        Ok(added.outcomes)
    }

    fn add(
        &self,
        workspace: WorkspaceId,
        event: &ClickEvent<'_>,
    ) -> Result<queue::Outcome, LaneError> {
        let mut json = written_before();
        event.write(&mut json)?;
        let added = self.shared.queue().add(workspace, event.id, &json)?;
        write_again(json);
        if added.completes {
            self.shared.arrived.notify_one();
        }
        Ok(added.outcome)
    }
}

thread_local! {
    /// Clicks are written here first, so that the queue's lock is held for a copy only.
    static JSON: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Room that was written to before, empty again.
fn written_before() -> Vec<u8> {
    let mut json = JSON.take();
    json.clear();
    json
}

/// Keeps the room for the next, unless it is much.
fn write_again(json: Vec<u8>) {
    if json.capacity() <= MESSAGE_BYTES_MAX {
        JSON.set(json);
    }
}

#[cfg(test)]
mod tests {
    use events::{Position, StreamName};

    use super::Kept;

    #[test]
    fn a_position_tells_of_clicks_only_if_none_of_them_is_in_the_spool() {
        let at = |sequence| {
            Kept::InLog(Position {
                stream: StreamName::Clicks,
                sequence,
            })
        };
        assert_eq!(at(1).and(at(2)), at(2));
        assert_eq!(at(1).and(Kept::InSpool), Kept::InSpool);
        assert_eq!(Kept::InSpool.and(at(2)), Kept::InSpool);
    }
}
