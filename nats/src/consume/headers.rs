//! Reading what stands in the headers of messages, and not what they say.

use async_nats::HeaderMap;
use events::{StreamName, Subject, Timestamp};

use super::{Part, Start, Tail};
use crate::message::StoredMessage;
use crate::{Broker, Diverged, ReadError};

/// What is taken at once.
const MESSAGES_MAX: usize = 1_024;
/// Headers only: a message takes some 200 bytes.
const BYTES_MAX: usize = 1 << 20;

impl Broker {
    /// As [`Broker::tail`], without the messages' bodies: for who only needs to know what was written to.
    pub async fn tail_of_headers(
        &self,
        stream: StreamName,
        start: Start,
    ) -> Result<Tail, ReadError> {
        let part = Part {
            subject: None,
            is_without_bodies: true,
        };
        self.tail_of(stream, part, start).await
    }

    /// Hands over the messages of a stream, or of one subject of it, that the broker stored at `since` or later,
    /// up to `end`, in order and without their bodies.
    ///
    /// `end` must be the sequence of such a message; [`ReadError::Diverged`] if the stream does not reach it any more.
    pub async fn skim(
        &self,
        stream: StreamName,
        subject: Option<Subject>,
        since: Timestamp,
        end: u64,
        mut take: impl FnMut(&StoredMessage) + Send,
    ) -> Result<(), ReadError> {
        let part = Part {
            subject,
            is_without_bodies: true,
        };
        let mut tail = self.tail_of(stream, part, Start::Since(since)).await?;
        let last = tail.end_at_start;
        if last < end {
            tail.dismiss().await;
            let read = end;
            return Err(ReadError::Diverged(Diverged::Shorter {
                stream,
                read,
                last,
            }));
        }
        while tail.read.sequence < end {
            for message in tail.next_batch(MESSAGES_MAX, BYTES_MAX).await? {
                if message.position.sequence <= end {
                    take(&message);
                }
            }
        }
        tail.dismiss().await;
        Ok(())
    }
}

impl Tail {
    /// Takes the consumer from the broker, which would else keep it until nobody has read for a while.
    async fn dismiss(&mut self) {
        let Some(consumer) = self.consumer.take() else {
            return;
        };
        let api = format!("$JS.API.CONSUMER.DELETE.{}.{}", self.stream, consumer.name);
        let asking = self.broker.request(api, HeaderMap::new(), "".into());
        if let Err(error) = asking.await {
            tracing::debug!(%error, "a consumer is left to end by itself");
        }
    }
}
