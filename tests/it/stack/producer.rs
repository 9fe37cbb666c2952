//! Clicks from nowhere: a producer of its own, beside the system.

use std::time::Duration;

use events::links::{Click, ClickEvent};
use events::{ClickId, LinkId, WorkspaceId};
use futures::future::join_all;
use nats::{ClickLane, Spool};
use servers::Scratch;
use service::shutdown::Tasks;
use service::world;
use uuid::Uuid;

use super::{Link, Log, Person};
use crate::eventually::eventually;

/// One who records clicks on one link, and counts anew with each of its lives.
///
/// So may one that was restored from a copy: its first messages come again.
pub(crate) struct Producer {
    log: Log,
    workspace: WorkspaceId,
    link: LinkId,
    tasks: Tasks,
}

impl Producer {
    pub(crate) fn of(person: &Person, link: &Link, log: Log) -> Self {
        Self {
            log,
            workspace: person.workspace().parse().unwrap(),
            link: link.id.parse().unwrap(),
            tasks: Tasks::default(),
        }
    }

    /// Records so many clicks in a new life, each in a message.
    pub(crate) async fn lives(&self, clicks: u64) {
        let (lane, _spool) = self.lane();
        for _ in 0..clicks {
            self.records(&lane).await;
        }
        has_drained(&lane).await;
    }

    /// Records so many clicks in a new life, as many in a message as go in.
    pub(crate) async fn packs(&self, clicks: usize) {
        let (lane, _spool) = self.lane();
        join_all((0..clicks).map(|_| self.records(&lane))).await;
        has_drained(&lane).await;
    }

    pub(crate) async fn ends(self) {
        let ended = self.tasks.stop(Duration::from_secs(10)).await;
        ended.expect("every lane ends in time");
    }

    fn lane(&self) -> (ClickLane, Scratch) {
        let folder = servers::testing::scratch();
        let spool = Spool::open(folder.path(), 1 << 30).unwrap();
        let producer = Uuid::from_u128(7);
        let stopping = self.tasks.stopping();
        let (lane, worker) = ClickLane::new(self.log.0.clone(), producer, spool, stopping);
        self.tasks.spawn("lane", worker);
        (lane, folder)
    }

    async fn records(&self, lane: &ClickLane) {
        let data = Click::of(self.link, "elsewhere");
        let click = ClickEvent::new(ClickId::new(world::new_id()), world::now(), data);
        lane.record(self.workspace, &click).await.unwrap();
    }
}

async fn has_drained(lane: &ClickLane) {
    eventually("the spool is drained", async || {
        match lane.spool().messages {
            0 => Ok(()),
            waiting => Err(waiting),
        }
    })
    .await;
}
