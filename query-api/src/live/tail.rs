//! Following CLICKS from now on.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use events::{StreamName, Subject};
use nats::{BATCH_HEADER, Broker, PRODUCER_HEADER, ReadError, Start, StoredMessage};
use service::health::Component;
use service::problem::Chain;

use super::hub::{Hub, Message};
use super::repeats::Batch;

/// What is taken from the broker's deliveries at once.
const MESSAGES_MAX: usize = 256;
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// Between two attempts to begin.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Feeds the hub for ever.
///
/// The tail outlives the broker's restarts by itself; it ends only where the log is another one than before.
pub(super) async fn follow(hub: Arc<Hub>, broker: Broker, component: Component) -> ! {
    loop {
        let Err(error) = feed(&hub, &broker, &component).await;
        tracing::error!(error = %Chain(&error), "cannot follow the clicks; beginning anew");
        component.down("the clicks cannot be followed");
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

async fn feed(hub: &Hub, broker: &Broker, component: &Component) -> Result<Infallible, ReadError> {
    let position = broker.stream_state(StreamName::Clicks).await?.last_sequence;
    let mut tail = broker
        .tail(StreamName::Clicks, Start::Sequence(position + 1))
        .await?;
    hub.begin(position);
    component.up();
    loop {
        for stored in tail.next_batch(MESSAGES_MAX, BYTES_MAX).await? {
            if let Some(message) = message(&stored) {
                hub.deliver(&message);
            }
        }
    }
}

fn message(stored: &StoredMessage) -> Option<Message<'_>> {
    let workspace = stored.subject.as_ref().and_then(Subject::workspace)?;
    Some(Message {
        sequence: stored.position.sequence,
        workspace,
        batch: batch(stored),
        body: &stored.body,
    })
}

fn batch(stored: &StoredMessage) -> Option<Batch> {
    Some(Batch {
        producer: stored.header(PRODUCER_HEADER)?.parse().ok()?,
        number: stored.header(BATCH_HEADER)?.parse().ok()?,
    })
}
