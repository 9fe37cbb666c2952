//! Entries of the bucket by their subject: found, stored once, and replaced, whatever answers get lost.

use async_nats::HeaderMap;
use async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::message::StreamMessage;
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::STREAM;
use crate::append::{PAUSE_FIRST, PAUSE_MAX, RETRY_FOR_MAX};
use crate::retry::Pauses;
use crate::{Broker, RequestError};

impl Broker {
    /// The entry, or the marker of one that was destroyed, from the leader.
    pub(super) async fn entry(&self, subject: &str) -> Result<Option<StreamMessage>, RequestError> {
        self.ask_for(json!({ "last_by_subj": subject })).await
    }

    /// The first entry or marker of these subjects that has this sequence or a later one, from the leader.
    pub(super) async fn entry_from(
        &self,
        subjects: &str,
        sequence: u64,
    ) -> Result<Option<StreamMessage>, RequestError> {
        let question = json!({ "seq": sequence, "next_by_subj": subjects });
        self.ask_for(question).await
    }

    async fn ask_for(&self, question: Value) -> Result<Option<StreamMessage>, RequestError> {
        let found = self.leaders_raw(STREAM, &question).await?;
        let message = found.map(StreamMessage::try_from).transpose();
        message.map_err(|error| RequestError::no_answer(&error))
    }

    /// Stores an entry if there is none yet, and answers the one that stands.
    ///
    /// Of several at once one is first, and all are answered alike.
    pub(super) async fn settle_entry(
        &self,
        subject: &str,
        ours: Bytes,
    ) -> Result<Bytes, RequestError> {
        let settle = || self.find_or_store(subject, &ours);
        again_and_again(settle, |error| {
            may_pass(error) || error.is(ErrorCode::STREAM_WRONG_LAST_SEQUENCE)
        })
        .await
    }

    async fn find_or_store(&self, subject: &str, ours: &Bytes) -> Result<Bytes, RequestError> {
        let found = self.entry(subject).await?;
        // Behind a marker too: else who had purged the entry could never start again.
        let expected = found.as_ref().map_or(0, |found| found.sequence);
        if let Some(found) = found.and_then(unless_marker) {
            return Ok(found);
        }
        self.store_behind(subject, ours, expected).await?;
        Ok(ours.clone())
    }

    /// Stores an entry in the place of the one that has this sequence; `false` if that isn't there any more.
    pub(super) async fn replace_entry(
        &self,
        subject: &str,
        ours: Bytes,
        expected: u64,
    ) -> Result<bool, RequestError> {
        let replace = || self.replace_or_look(subject, &ours, expected);
        again_and_again(replace, may_pass).await
    }

    async fn replace_or_look(
        &self,
        subject: &str,
        ours: &Bytes,
        expected: u64,
    ) -> Result<bool, RequestError> {
        match self.store_behind(subject, ours, expected).await {
            Ok(()) => Ok(true),
            // It may be ours that stands there: the answer to an earlier try got lost.
            Err(error) if error.is(ErrorCode::STREAM_WRONG_LAST_SEQUENCE) => {
                let found = self.entry(subject).await?;
                Ok(found.and_then(unless_marker).as_ref() == Some(ours))
            }
            Err(error) => Err(error),
        }
    }

    async fn store_behind(
        &self,
        subject: &str,
        body: &Bytes,
        expected: u64,
    ) -> Result<(), RequestError> {
        let mut headers = HeaderMap::new();
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, expected.to_string());
        self.publish(subject.to_owned(), headers, body.clone())
            .await?;
        Ok(())
    }
}

/// Whether the same may be tried again.
fn may_pass(error: &RequestError) -> bool {
    matches!(error, RequestError::NoAnswer(_))
        || error.is(ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT)
}

/// Does again what may be done twice, as long as the error is one that passes.
pub(super) async fn again_and_again<T, F>(
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
pub(super) fn unless_marker(message: StreamMessage) -> Option<Bytes> {
    let is_marker = message.headers.get("KV-Operation").is_some();
    (!is_marker).then_some(message.payload)
}
