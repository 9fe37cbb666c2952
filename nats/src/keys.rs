//! The bucket of wrapped keys, one for each user: who destroys a key has erased a person.

use async_nats::HeaderMap;
use async_nats::header::{HeaderName, HeaderValue, NATS_EXPECTED_LAST_SUBJECT_SEQUENCE};
use async_nats::jetstream::ErrorCode;
use bytes::Bytes;
use events::UserId;
use serde_json::json;
use tokio::time::Instant;

use async_nats::jetstream::message::StreamMessage;

use crate::append::{PAUSE_FIRST, PAUSE_MAX, RETRY_FOR_MAX};
use crate::retry::Pauses;
use crate::{Broker, ReadError, RequestError};

const STREAM: &str = "KV_user_keys";
/// Beside the users' keys, whose names are UUIDs.
const FINGERPRINT: &str = "$KV.user_keys.data_key_fingerprint";

impl Broker {
    /// Stores a user's wrapped key, in the place of an earlier one.
    ///
    /// Tried again as an append is: the same key may be stored twice.
    pub async fn put_key(&self, user: UserId, wrapped: Bytes) -> Result<(), RequestError> {
        let put = || self.publish(subject(user), HeaderMap::new(), wrapped.clone());
        again_and_again(put, |error| matches!(error, RequestError::NoAnswer(_))).await?;
        Ok(())
    }

    /// Stores the fingerprint of the installation's `DATA_KEY` if there is none yet, and answers the one that stands.
    ///
    /// If it is another, then this process has not the key with which the users' keys were wrapped.
    /// Of several first starts at once one is first, and all are answered alike.
    pub async fn settle_fingerprint(&self, fingerprint: &str) -> Result<String, RequestError> {
        let settle = || self.find_or_store_fingerprint(fingerprint);
        again_and_again(settle, |error| {
            matches!(error, RequestError::NoAnswer(_))
                || error.is(ErrorCode::STREAM_WRONG_LAST_SEQUENCE)
                || error.is(ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT)
        })
        .await
    }

    async fn find_or_store_fingerprint(&self, ours: &str) -> Result<String, RequestError> {
        let found = self.raw_key(FINGERPRINT).await?;
        // Behind a marker too: else who had purged the fingerprint could never start again.
        let expected = found.as_ref().map_or(0, |found| found.sequence);
        if let Some(found) = found.and_then(unless_marker) {
            return Ok(String::from_utf8_lossy(&found).into_owned());
        }
        let mut headers = HeaderMap::new();
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, expected.to_string());
        let body = Bytes::copy_from_slice(ours.as_bytes());
        self.publish(FINGERPRINT.to_owned(), headers, body).await?;
        Ok(ours.to_owned())
    }

    /// A user's wrapped key, from the leader; `None` if there is none, or none any more.
    pub async fn key(&self, user: UserId) -> Result<Option<Bytes>, ReadError> {
        self.must_be_connected()?;
        let found = self.raw_key(&subject(user)).await?;
        Ok(found.and_then(unless_marker))
    }

    async fn raw_key(&self, subject: &str) -> Result<Option<StreamMessage>, RequestError> {
        let question = json!({ "last_by_subj": subject });
        let found = self.leaders_raw(STREAM, &question).await?;
        let message = found.map(StreamMessage::try_from).transpose();
        message.map_err(|error| RequestError::no_answer(&error))
    }

    /// Destroys a user's wrapped key: a marker takes its place.
    pub async fn destroy_key(&self, user: UserId) -> Result<(), RequestError> {
        let headers = [("KV-Operation", "PURGE"), ("Nats-Rollup", "sub")]
            .into_iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from(value)))
            .collect();
        self.publish(subject(user), headers, Bytes::new()).await?;
        Ok(())
    }
}

/// Does again what may be done twice, as long as the error is one that passes.
async fn again_and_again<T, F>(
    work: impl Fn() -> F + Send + Sync,
    passes: impl Fn(&RequestError) -> bool + Send + Sync,
) -> Result<T, RequestError>
where
    F: Future<Output = Result<T, RequestError>> + Send,
{
    let give_up = Instant::now() + RETRY_FOR_MAX;
    let mut pauses = Pauses::new(PAUSE_FIRST, PAUSE_MAX);
    loop {
        match work().await {
            Err(error) if passes(&error) && Instant::now() < give_up => {
                tracing::debug!(%error, "trying again");
                pauses.pause().await;
            }
            done => return done,
        }
    }
}

/// What a message holds, unless it marks that something was destroyed.
fn unless_marker(message: StreamMessage) -> Option<Bytes> {
    let is_marker = message.headers.get("KV-Operation").is_some();
    (!is_marker).then_some(message.payload)
}

fn subject(user: UserId) -> String {
    format!("$KV.user_keys.{user}")
}
