//! Atomic batches: several messages of one stream that stand or fall together (ADR-50).

use async_nats::header::{
    NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL, NATS_BATCH_ID, NATS_BATCH_SEQUENCE,
};
use async_nats::{HeaderMap, HeaderValue};

use crate::message::NewMessage;
use crate::request::{in_time, read};
use crate::{Broker, RequestError};

/// The most messages of one atomic batch: 500 links with their claims, and the record of their request.
/// `nats-server.conf` raises the server's own limit, 1,000, to this.
pub const BATCH_MESSAGES_MAX: usize = 1_001;
/// The server takes 50 at a time for a stream, from all processes together; each takes its share.
pub(crate) const BATCHES_IN_FLIGHT_MAX: usize = 16;

impl Broker {
    /// Publishes an atomic batch and answers the last message's sequence; the others stand right before it.
    ///
    /// Only the first and the last message ask for an answer: the first learns whether a batch may begin.
    pub(crate) async fn publish_batch(
        &self,
        messages: &[NewMessage],
        last: &NewMessage,
    ) -> Result<u64, RequestError> {
        let _permit = self
            .batches
            .acquire()
            .await
            .map_err(|error| RequestError::no_answer(&error))?;
        let id = HeaderValue::from(format!("{:032x}", rand::random::<u128>()));
        let mut sequence = 0_u64;
        for message in messages {
            sequence += 1;
            let headers = batch_headers(message, &id, sequence);
            let subject = message.subject.to_string();
            if sequence == 1 {
                self.begin(subject, headers, message).await?;
            } else {
                let body = message.body.clone();
                in_time(self.client.publish_with_headers(subject, headers, body)).await?;
            }
        }
        let mut headers = batch_headers(last, &id, sequence + 1);
        headers.insert(NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL);
        self.publish(last.subject.to_string(), headers, last.body.clone())
            .await
    }

    /// The answer to a batch's first message is empty, or an error.
    async fn begin(
        &self,
        subject: String,
        headers: HeaderMap,
        message: &NewMessage,
    ) -> Result<(), RequestError> {
        let answer = self.request(subject, headers, message.body.clone()).await?;
        if !answer.payload.is_empty() {
            read::<serde::de::IgnoredAny>(&answer.payload)?;
        }
        Ok(())
    }
}

fn batch_headers(message: &NewMessage, id: &HeaderValue, sequence: u64) -> HeaderMap {
    let mut headers = message.header_map();
    headers.insert(NATS_BATCH_ID, id.clone());
    headers.insert(NATS_BATCH_SEQUENCE, HeaderValue::from(sequence));
    headers
}
