//! Hearing of revocations: the tail of CORE, from as long ago as a token may be good.

use std::convert::Infallible;
use std::sync::PoisonError;
use std::time::Duration;

use events::{StreamName, Timestamp, UserId};
use nats::{Broker, Checkpoint, ReadError, Start, StoredMessage, Tail};
use tokio::sync::watch;

use super::{Followed, Gate, MARGIN};
use crate::health::Component;
use crate::problem::Chain;
use crate::world;

/// What is taken from the broker's deliveries at once.
const MESSAGES_MAX: usize = 1_024;
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// Between two attempts to begin.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Follows for ever; ends and begins anew only where the log is another one than before.
#[expect(clippy::infinite_loop, reason = "runs until it is dropped")]
pub(super) async fn follow(gate: Gate, broker: Broker, component: Component) {
    let Some(followed) = &gate.0.followed else {
        return;
    };
    loop {
        let Err(error) = hear(&gate, followed, &broker, &component).await;
        component.down("revocations cannot be heard");
        tracing::error!(error = %Chain(&error), "cannot hear of revocations; beginning anew");
        if matches!(error, ReadError::Diverged(_)) {
            gate.start_over(followed);
        }
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

async fn hear(
    gate: &Gate,
    followed: &Followed,
    broker: &Broker,
    component: &Component,
) -> Result<Infallible, ReadError> {
    let since = Timestamp::new(world::now().odt() - (gate.memory() + MARGIN));
    let mut tail = broker.tail(StreamName::Core, Start::Since(since)).await?;
    let heard = watch::Sender::new(tail.checkpoint());
    let proving = followed.fresh.prove(broker, heard.subscribe(), component);
    tokio::select! {
        ended = hear_on(gate, &mut tail, &heard) => ended,
        never = proving => match never {},
    }
}

async fn hear_on(
    gate: &Gate,
    tail: &mut Tail,
    heard: &watch::Sender<Checkpoint>,
) -> Result<Infallible, ReadError> {
    loop {
        gate.hear(&tail.next_batch(MESSAGES_MAX, BYTES_MAX).await?);
        heard.send_replace(tail.checkpoint());
    }
}

impl Gate {
    fn hear(&self, messages: &[StoredMessage]) {
        let mut concerned: Vec<UserId> = Vec::new();
        {
            let revocations = self.0.revocations.write();
            let mut revocations = revocations.unwrap_or_else(PoisonError::into_inner);
            for message in messages {
                concerned.extend(revocations.hear(message));
            }
        }
        if !concerned.is_empty() {
            self.0.watchers.look_at(&concerned, &self.revocations());
        }
    }

    /// Another log: what was revoked in it, and what the tokens of before had seen of it, is not known.
    pub(super) fn start_over(&self, followed: &Followed) {
        followed.fresh.lose();
        {
            let revocations = self.0.revocations.write();
            let mut revocations = revocations.unwrap_or_else(PoisonError::into_inner);
            revocations.start_over(world::now());
        }
        self.0.watchers.look_at_all(&self.revocations());
    }
}
