//! Hearing of revocations: the tail of CORE, from as long ago as a token may be good.

use std::convert::Infallible;
use std::sync::PoisonError;
use std::time::Duration;

use events::{StreamName, Timestamp, UserId};
use nats::{Broker, ReadError, Start, StoredMessage, Tail};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Gate, MARGIN, keys};
use crate::health::Component;
use crate::problem::Chain;
use crate::world;

/// What is taken from the broker's deliveries at once.
const MESSAGES_MAX: usize = 1_024;
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// Between two attempts to begin.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Follows for ever; ends and begins anew only where the log is another one than before.
pub(super) async fn follow(gate: Gate, broker: Broker, component: Component) {
    loop {
        let Err(error) = hear(&gate, &broker, &component).await;
        gate.is_deaf();
        component.down("revocations cannot be heard");
        tracing::error!(error = %Chain(&error), "cannot hear of revocations; beginning anew");
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

async fn hear(
    gate: &Gate,
    broker: &Broker,
    component: &Component,
) -> Result<Infallible, ReadError> {
    let lifetime = gate.tokens().lifetime().max(keys::REMEMBERED) + 2 * MARGIN;
    let since = Timestamp::new(world::now().odt() - lifetime);
    let mut tail = broker.tail(StreamName::Core, Start::Since(since)).await?;
    while tail.pending() > 0 {
        gate.hear(&tail.next_batch(MESSAGES_MAX, BYTES_MAX).await?);
    }
    gate.is_hearing();
    component.up();
    let reading = tail.reading();
    tokio::select! {
        ended = hear_on(gate, &mut tail) => ended,
        never = watch_reading(gate, component, reading) => match never {},
    }
}

async fn hear_on(gate: &Gate, tail: &mut Tail) -> Result<Infallible, ReadError> {
    loop {
        gate.hear(&tail.next_batch(MESSAGES_MAX, BYTES_MAX).await?);
    }
}

/// Says whether the log is being read, as it changes.
///
/// The first batch after a pause may still be on its way when the tail reads again; it is there within a round trip.
async fn watch_reading(
    gate: &Gate,
    component: &Component,
    mut reading: watch::Receiver<bool>,
) -> Infallible {
    loop {
        if *reading.borrow_and_update() {
            gate.is_hearing();
            component.up();
        } else {
            gate.is_deaf();
            component.down("revocations cannot be heard");
        }
        if reading.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Gate {
    fn hear(&self, messages: &[StoredMessage]) {
        let mut concerned: Vec<UserId> = Vec::new();
        {
            let mut heard = self.0.heard.write().unwrap_or_else(PoisonError::into_inner);
            for message in messages {
                concerned.extend(heard.revocations.hear(message));
            }
        }
        if !concerned.is_empty() {
            let heard = self.0.heard.read().unwrap_or_else(PoisonError::into_inner);
            self.0.watchers.look_at(&concerned, &heard.revocations);
        }
    }

    fn is_hearing(&self) {
        let mut heard = self.0.heard.write().unwrap_or_else(PoisonError::into_inner);
        heard.deaf_since = None;
    }

    fn is_deaf(&self) {
        let mut heard = self.0.heard.write().unwrap_or_else(PoisonError::into_inner);
        heard.deaf_since.get_or_insert_with(Instant::now);
    }
}
