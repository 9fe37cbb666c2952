//! Reading single messages from a stream's leader, which, unlike a direct get, never lags behind.

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::stream::RawMessage;
use events::{StreamName, Subject, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::message::StoredMessage;
use crate::{Broker, ReadError, RequestError};

#[derive(Deserialize)]
struct Got {
    message: RawMessage,
}

impl Broker {
    /// A subject's last message, from the leader.
    pub async fn last_from_leader(
        &self,
        subject: &Subject,
    ) -> Result<Option<StoredMessage>, ReadError> {
        self.must_be_connected()?;
        Ok(self.leaders_last(subject).await?)
    }

    pub(crate) async fn leaders_last(
        &self,
        subject: &Subject,
    ) -> Result<Option<StoredMessage>, RequestError> {
        let question = json!({ "last_by_subj": subject.to_string() });
        self.ask_leader(subject.stream(), &question).await
    }

    /// A subject's first message that has this sequence or a later one.
    pub(crate) async fn next_from_leader(
        &self,
        subject: &Subject,
        sequence: u64,
    ) -> Result<Option<StoredMessage>, RequestError> {
        let question = json!({ "seq": sequence, "next_by_subj": subject.to_string() });
        self.ask_leader(subject.stream(), &question).await
    }

    /// The sequence of the first message that the broker stored at this time or later.
    pub(crate) async fn first_since(
        &self,
        stream: StreamName,
        time: Timestamp,
    ) -> Result<Option<u64>, RequestError> {
        let question = json!({ "start_time": time, "next_by_subj": ">" });
        let found = self.leaders_raw(stream.as_str(), &question).await?;
        Ok(found.map(|message| message.sequence))
    }

    /// The sequence of the first message that has this one or a later one; `None` if none is kept.
    pub async fn first_kept(
        &self,
        stream: StreamName,
        sequence: u64,
    ) -> Result<Option<u64>, RequestError> {
        let question = json!({ "seq": sequence, "next_by_subj": ">" });
        let found = self.leaders_raw(stream.as_str(), &question).await?;
        Ok(found.map(|message| message.sequence))
    }

    /// The message with this sequence.
    pub(crate) async fn at(
        &self,
        stream: StreamName,
        sequence: u64,
    ) -> Result<Option<StoredMessage>, RequestError> {
        self.ask_leader(stream, &json!({ "seq": sequence })).await
    }

    async fn ask_leader(
        &self,
        stream: StreamName,
        question: &Value,
    ) -> Result<Option<StoredMessage>, RequestError> {
        let found = self.leaders_raw(stream.as_str(), question).await?;
        let message = found.map(TryInto::try_into).transpose();
        let message = message.map_err(|error| RequestError::no_answer(&error))?;
        Ok(message.map(|message| StoredMessage::new(stream, message)))
    }

    pub(crate) async fn leaders_raw(
        &self,
        stream: &str,
        question: &Value,
    ) -> Result<Option<RawMessage>, RequestError> {
        match self
            .api::<Got>(&format!("STREAM.MSG.GET.{stream}"), question)
            .await
        {
            Ok(got) => Ok(Some(got.message)),
            Err(error) if error.is(ErrorCode::NO_MESSAGE_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
