//! Clicks to record, lanes to record them with, and what the stream then holds.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use events::links::{Click, ClickEvent};
use events::{ClickId, LinkId, StreamName, Subject, WorkspaceId};
use nats::{
    BATCH_HEADER, Broker, ClickLane, Kept, LaneError, MESSAGE_CLICKS_MAX, PRODUCER_HEADER, Spool,
};
use servers::Scratch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::world::uuid;

/// Far more than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// More than any test here keeps.
const AMPLE: u64 = 1 << 30;

pub(crate) fn click() -> ClickEvent<'static> {
    let data = Click {
        country: Some("NP".into()),
        referrer: Some("news.example".into()),
        browser: Some("Firefox".into()),
        os: Some("Linux".into()),
        device: Some("desktop".into()),
        ..Click::of(LinkId::new(Uuid::from_u128(7)), "spring")
    };
    ClickEvent::new(
        ClickId::new(uuid()),
        "2026-11-21T10:00:00Z".parse().unwrap(),
        data,
    )
}

pub(crate) fn workspaces(count: u128) -> Vec<WorkspaceId> {
    (1..=count)
        .map(|it| WorkspaceId::new(Uuid::from_u128(it)))
        .collect()
}

/// A lane at work.
pub(crate) struct Open {
    pub(crate) lane: ClickLane,
    shutdown: CancellationToken,
    worker: JoinHandle<()>,
}

/// A lane with a spool of its own.
pub(crate) fn open(broker: &Broker) -> (Open, Scratch) {
    let folder = servers::testing::scratch();
    (Open::at(broker, folder.path(), AMPLE), folder)
}

impl Open {
    /// A lane whose spool is in this folder.
    pub(crate) fn at(broker: &Broker, folder: &Path, bytes_max: u64) -> Self {
        let shutdown = CancellationToken::new();
        let spool = Spool::open(folder, bytes_max).unwrap();
        let (lane, worker) = ClickLane::new(broker.clone(), uuid(), spool, shutdown.clone());
        Self {
            lane,
            shutdown,
            worker: tokio::spawn(worker),
        }
    }

    /// As [`Open::at`], with room for all.
    pub(crate) fn again(broker: &Broker, folder: &Path) -> Self {
        Self::at(broker, folder, AMPLE)
    }

    /// Ends it in order.
    pub(crate) async fn end(self) {
        self.shutdown.cancel();
        self.worker.await.unwrap();
    }

    /// Ends it where it stands.
    pub(crate) async fn crash(self) {
        self.worker.abort();
        self.worker.await.unwrap_err();
    }

    /// Waits until nothing waits in its spool.
    pub(crate) async fn has_drained(&self) {
        let drained = async {
            while self.lane.spool().messages > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let done = timeout(PATIENCE, drained).await;
        assert!(done.is_ok(), "not drained: {:?}", self.lane.spool());
    }

    /// Records a new click, and answers which, with what became of it.
    pub(crate) async fn click(&self, workspace: WorkspaceId) -> (Counted, Result<Kept, LaneError>) {
        let click = click();
        let outcome = self.lane.record(workspace, &click).await;
        ((workspace, click.id), outcome)
    }

    /// Records so many clicks like this one at once, and answers which.
    pub(crate) async fn report(
        &self,
        workspace: WorkspaceId,
        like: &ClickEvent<'static>,
        count: usize,
    ) -> Result<Vec<Counted>, LaneError> {
        let mut clicks = vec![like.clone(); count];
        for click in &mut clicks {
            click.id = ClickId::new(uuid());
        }
        self.lane
            .record_all(workspace, clicks.iter().cloned())
            .await?;
        Ok(clicks.iter().map(|it| (workspace, it.id)).collect())
    }
}

/// A click, and whose it is.
pub(crate) type Counted = (WorkspaceId, ClickId);

/// Each of these is counted, none twice, and no other.
pub(crate) async fn are_counted_once(broker: &Broker, kept: &[Counted]) {
    let counted = counted(broker).await;
    let once: HashSet<_> = counted.iter().copied().collect();
    assert_eq!(once.len(), counted.len(), "a click counts twice");
    let lost = kept.iter().filter(|it| !once.contains(it)).count();
    assert_eq!(lost, 0, "clicks that were kept are lost");
    assert_eq!(once.len(), kept.len(), "a click that was not kept counts");
}

/// What a projector makes of the stream: each producer's numbers go up, and what doesn't is a duplicate.
pub(crate) async fn counted(broker: &Broker) -> Vec<Counted> {
    let state = broker.stream_state(StreamName::Clicks).await.unwrap();
    let mut tail = broker.resume(StreamName::Clicks, None).await.unwrap();
    let mut last = HashMap::<(String, WorkspaceId), u64>::new();
    let mut clicks = Vec::new();
    while tail.checkpoint().sequence < state.last_sequence {
        for message in tail.next_batch(1_000, 1 << 24).await.unwrap() {
            let Some(Subject::Clicks(workspace)) = message.subject else {
                panic!("{message:?}")
            };
            let producer = message.header(PRODUCER_HEADER).unwrap().to_owned();
            let number: u64 = message.header(BATCH_HEADER).unwrap().parse().unwrap();
            let high = last.entry((producer, workspace)).or_default();
            if number > *high {
                *high = number;
                let batch = ClickEvent::decode_batch(&message.body).unwrap();
                assert!(batch.len() <= MESSAGE_CLICKS_MAX);
                clicks.extend(batch.iter().map(|click| (workspace, click.id)));
            }
        }
    }
    clicks
}
