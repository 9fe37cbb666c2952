//! The peer: the messages that the subject's lane has packed, published again and acknowledged, and nothing else.

use anyhow::{Context, ensure};
use events::links::ClickEvent;
use events::{StreamName, Subject};
use nats::{Broker, NewMessage, Start, StoredMessage};
use servers::Nats;

use crate::pace;

/// What is taken of a round's messages, from its middle on: enough to be like all of them.
const MESSAGES_MAX: usize = 128;
const BYTES_MAX: usize = 64 << 20;

pub(super) struct Publisher {
    broker: Broker,
}

/// Messages as the lane packed them.
pub(super) struct Packed {
    messages: Vec<NewMessage>,
    /// The clicks of one, on average.
    clicks: f64,
    /// The bytes of one, on average.
    pub(super) bytes: f64,
}

impl Publisher {
    pub(super) async fn connect(broker: &Nats) -> anyhow::Result<Self> {
        let broker = Broker::connect(&broker.url(), "bench").await?;
        Ok(Self { broker })
    }

    pub(super) async fn last_sequence(&self) -> anyhow::Result<u64> {
        Ok(self
            .broker
            .stream_state(StreamName::Clicks)
            .await?
            .last_sequence)
    }

    /// Some of the messages that were stored after that one.
    pub(super) async fn packed_since(&self, before: u64) -> anyhow::Result<Packed> {
        let last = self.last_sequence().await?;
        ensure!(before < last, "no report was stored");
        let start = Start::Sequence(u64::midpoint(before, last) + 1);
        let mut tail = self.broker.tail(StreamName::Clicks, start).await?;
        let stored = tail.next_batch(MESSAGES_MAX, BYTES_MAX).await?;
        let mut packed = Packed {
            messages: Vec::with_capacity(stored.len()),
            clicks: 0.0,
            bytes: 0.0,
        };
        for stored in &stored {
            packed.add(stored)?;
        }
        let count = f64::from(u32::try_from(packed.messages.len())?);
        packed.clicks /= count;
        packed.bytes /= count;
        Ok(packed)
    }

    /// Publishes them in turn for some seconds, so many at once; how many clicks in a second.
    pub(super) async fn rate(
        &self,
        packed: &Packed,
        seconds: u64,
        at_once: usize,
    ) -> anyhow::Result<f64> {
        let count = u64::try_from(packed.messages.len())?;
        let publish = async |number: u64| -> anyhow::Result<()> {
            let turn = usize::try_from(number % count)?;
            let message = packed.messages.get(turn).context("it has no turn")?;
            self.broker.append(std::slice::from_ref(message)).await?;
            Ok(())
        };
        Ok(pace::rate(seconds, at_once, publish).await? * packed.clicks)
    }
}

impl Packed {
    /// The same clicks in one message again; only its number is lacking.
    fn add(&mut self, stored: &StoredMessage) -> anyhow::Result<()> {
        let workspace = stored.subject.as_ref().and_then(Subject::workspace);
        let workspace = workspace.context("a message of no workspace")?;
        let clicks = ClickEvent::decode_batch(&stored.body)?;
        self.clicks += f64::from(u32::try_from(clicks.len())?);
        self.bytes += f64::from(u32::try_from(stored.body.len())?);
        self.messages
            .extend(NewMessage::clicks(workspace, &clicks)?);
        Ok(())
    }
}
