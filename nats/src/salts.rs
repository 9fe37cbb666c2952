//! The salts of visitor hashes: one for each day, the same in every process, and gone with its day.

use async_nats::HeaderMap;
use async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::message::StreamMessage;
use bytes::Bytes;
use serde_json::json;

use crate::{Broker, RequestError};

/// Bytes of a salt: twice those of the key that is taken of it.
pub const SALT_BYTES: usize = 32;

const STREAM: &str = "SALTS";

impl Broker {
    /// Stores a day's salt if it has none yet, and answers the one that stands.
    ///
    /// They are in the broker's memory alone, so that no disk has them when they are gone: a lone broker forgets them
    /// when it is restarted, and whoever knows a day's salt tells it again.
    /// `day` counts from 1970. Of several processes at once one is first, and all are answered alike.
    /// Not tried again: who asks ahead of time has time to ask again.
    pub async fn settle_salt(
        &self,
        day: i64,
        ours: [u8; SALT_BYTES],
    ) -> Result<[u8; SALT_BYTES], RequestError> {
        self.must_be_connected()?;
        let subject = format!("salts.{day}");
        let found = match self.salt(&subject).await {
            Err(error) if error.is(ErrorCode::STREAM_NOT_FOUND) => {
                let made = self.apply_salts().await;
                made.map_err(|error| RequestError::no_answer(&error))?;
                None
            }
            found => found?,
        };
        if let Some(found) = found {
            return Ok(found);
        }
        let mut headers = HeaderMap::new();
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, "0");
        let body = Bytes::copy_from_slice(&ours);
        match self.publish(subject.clone(), headers, body).await {
            Ok(_) => Ok(ours),
            // Another process was faster.
            Err(error) if error.is(ErrorCode::STREAM_WRONG_LAST_SEQUENCE) => {
                self.salt(&subject).await?.ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// What stands there, from the leader.
    async fn salt(&self, subject: &str) -> Result<Option<[u8; SALT_BYTES]>, RequestError> {
        let question = json!({ "last_by_subj": subject });
        let Some(found) = self.leaders_raw(STREAM, &question).await? else {
            return Ok(None);
        };
        let found = StreamMessage::try_from(found);
        let found = found.map_err(|error| RequestError::no_answer(&error))?;
        let salt = <[u8; SALT_BYTES]>::try_from(&*found.payload);
        let wrong = |_| RequestError::no_answer("a salt has another length");
        salt.map(Some).map_err(wrong)
    }
}
