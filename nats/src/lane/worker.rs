//! What a lane does in the background: taking clicks in, and draining the spool.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Shared;
use super::drain::Drain;
use super::pump::Pump;
use crate::{Broker, Spool};

/// How long the lane may drain once the process is to end.
const DRAIN_FOR_MAX: Duration = Duration::from_secs(10);
/// Between two looks for callers who have waited long enough.
const LATE_LOOK: Duration = Duration::from_secs(1);

pub(super) struct Worker {
    shared: Arc<Shared>,
    pump: Pump,
    drain: Drain,
}

impl Worker {
    pub(super) fn new(broker: Broker, producer: Uuid, spool: Spool, shared: Arc<Shared>) -> Self {
        let Spool {
            ledger,
            writer,
            reader,
        } = spool;
        Self {
            drain: Drain::new(broker.clone(), Arc::clone(&ledger), reader),
            pump: Pump::new(broker, producer, Arc::clone(&shared), ledger, writer),
            shared,
        }
    }

    pub(super) async fn run(self, shutdown: CancellationToken) {
        let Self {
            shared,
            pump,
            drain,
        } = self;
        let too_late = async {
            shutdown.cancelled().await;
            shared.queue().close();
            shared.arrived.notify_one();
            tokio::time::sleep(DRAIN_FOR_MAX).await;
        };
        let telling_late = async {
            loop {
                tokio::time::sleep(LATE_LOOK).await;
                shared.queue().tell_late();
            }
        };
        let is_over = CancellationToken::new();
        let pumping = async {
            pump.run().await;
            is_over.cancel();
        };
        tokio::select! {
            ((), ()) = async { tokio::join!(pumping, drain.run(&is_over)) } => {}
            () = too_late => {}
            () = telling_late => {}
        }
        let lost = shared.queue().give_up();
        if lost > 0 {
            tracing::error!(
                clicks = lost,
                "neither the broker nor the disk answers: clicks that nobody was answered for are lost"
            );
        }
    }
}
