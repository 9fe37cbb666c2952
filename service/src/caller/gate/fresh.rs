//! Whether the log is heard: the gate's knowledge of revocations is never much older than a second, and proven so.

use std::convert::Infallible;
use std::time::Duration;

use events::StreamName;
use nats::{Broker, Checkpoint, ReadError};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::Refusal;
use crate::health::Component;

/// How old the knowledge may be: "refused within a second" then holds without a broker, too.
pub(super) const DEAF_MAX: Duration = Duration::from_secs(1);
/// How often it is proven anew: a few proofs may fail before anybody notices.
const PROVE_EVERY: Duration = Duration::from_millis(200);
/// How long callers are kept waiting for a proof before they are refused: a broker that starts again takes less.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long what was just stored is on its way to the tail; what takes longer may have expired.
const DELIVERY_MAX: Duration = Duration::from_millis(100);

/// Up to when everything that stood in the log has been heard.
pub(super) struct Freshness(watch::Sender<Option<Instant>>);

impl Freshness {
    /// Nothing has been heard.
    pub(super) fn none() -> Self {
        Self(watch::Sender::new(None))
    }

    /// Waits, not for long, until what was heard is fresh.
    pub(super) async fn wait(&self) -> Result<(), Refusal> {
        if self.is_fresh() {
            return Ok(());
        }
        let mut proven = self.0.subscribe();
        let waiting = timeout(PATIENCE, proven.wait_for(|at| is_recent(*at)));
        let is_fresh = waiting.await.is_ok_and(|found| found.is_ok());
        is_fresh.then_some(()).ok_or(Refusal::Deaf)
    }

    /// What was heard says nothing any more.
    pub(super) fn lose(&self) {
        self.0.send_replace(None);
    }

    fn is_fresh(&self) -> bool {
        is_recent(*self.0.borrow())
    }

    /// Proves it again and again, for a tail that has come as far as `heard` tells.
    #[expect(clippy::infinite_loop, reason = "runs until it is dropped")]
    pub(super) async fn prove(
        &self,
        broker: &Broker,
        mut heard: watch::Receiver<Checkpoint>,
        component: &Component,
    ) -> Infallible {
        let mut ticks = interval(PROVE_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let asked_at = Instant::now();
            let hears_all = timeout(DEAF_MAX, hear_all(broker, &mut heard));
            match hears_all.await {
                Ok(Ok(())) => {
                    self.0.send_replace(Some(asked_at));
                    component.up();
                }
                Ok(Err(error)) => tracing::debug!(%error, "whether all is heard is not known"),
                Err(_) => tracing::debug!("not all is heard yet"),
            }
            if !self.is_fresh() {
                component.down("revocations cannot be heard");
            }
        }
    }
}

/// Ends when all has been heard that stood in the log when this began.
///
/// That the tail believes to read would be no proof: a connection may be dead for seconds before anybody notices,
/// and a tail that reads again has not yet read what was stored meanwhile.
async fn hear_all(
    broker: &Broker,
    heard: &mut watch::Receiver<Checkpoint>,
) -> Result<(), ReadError> {
    let read = *heard.borrow_and_update();
    let end = broker.verify(StreamName::Core, &read).await?.last_sequence;
    loop {
        let arrived = heard.wait_for(|read| read.sequence >= end);
        // Without the tail there is nothing to prove: this is dropped with it.
        if timeout(DELIVERY_MAX, arrived).await.is_ok() {
            return Ok(());
        }
        let next = heard.borrow().sequence + 1;
        let left = broker.first_kept(StreamName::Core, next).await?;
        if left.is_none_or(|left| left > end) {
            return Ok(());
        }
    }
}

fn is_recent(proven_at: Option<Instant>) -> bool {
    proven_at.is_some_and(|at| at.elapsed() < DEAF_MAX)
}
