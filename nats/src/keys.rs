//! The bucket of wrapped keys, one for each user: who destroys a key has erased a person.

use async_nats::HeaderMap;
use async_nats::header::{HeaderName, HeaderValue};
use bytes::Bytes;
use events::UserId;
use serde_json::json;

use async_nats::jetstream::message::StreamMessage;

use crate::{Broker, ReadError, RequestError};

const STREAM: &str = "KV_user_keys";

impl Broker {
    /// Stores a user's wrapped key, in the place of an earlier one.
    pub async fn put_key(&self, user: UserId, wrapped: Bytes) -> Result<(), RequestError> {
        self.publish(subject(user), HeaderMap::new(), wrapped)
            .await?;
        Ok(())
    }

    /// A user's wrapped key, from the leader; `None` if there is none, or none any more.
    pub async fn key(&self, user: UserId) -> Result<Option<Bytes>, ReadError> {
        let question = json!({ "last_by_subj": subject(user) });
        let Some(found) = self.leaders_raw(STREAM, &question).await? else {
            return Ok(None);
        };
        let message =
            StreamMessage::try_from(found).map_err(|error| RequestError::no_answer(&error))?;
        let is_marker = message.headers.get("KV-Operation").is_some();
        Ok((!is_marker).then_some(message.payload))
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

fn subject(user: UserId) -> String {
    format!("$KV.user_keys.{user}")
}
