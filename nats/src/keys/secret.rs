//! What the installation itself keeps beside the users' keys, whose names are UUIDs.

use async_nats::jetstream::ErrorCode;
use bytes::Bytes;

use super::entry::unless_marker;
use crate::{Broker, ReadError, RequestError};

const SECRET: &str = "$KV.user_keys.installation_secret";

impl Broker {
    /// Stores the installation's wrapped secret if there is none yet, and answers the one that stands.
    ///
    /// Of several first starts at once one is first, and all are answered alike.
    pub async fn settle_secret(&self, wrapped: Bytes) -> Result<Bytes, RequestError> {
        self.settle_entry(SECRET, wrapped).await
    }

    /// The installation's wrapped secret and its sequence, from the leader; `None` before the first start.
    pub async fn secret(&self) -> Result<Option<(Bytes, u64)>, ReadError> {
        self.must_be_connected()?;
        let found = match self.entry(SECRET).await {
            Err(error) if error.is(ErrorCode::STREAM_NOT_FOUND) => None,
            found => found?,
        };
        Ok(found.and_then(|found| {
            let sequence = found.sequence;
            Some((unless_marker(found)?, sequence))
        }))
    }

    /// Stores the installation's secret in another wrapping, in the place of the one that has this sequence.
    ///
    /// `false` if that one was replaced or destroyed meanwhile: then nothing was stored.
    /// Wrappings must differ in their bytes, since an answer that got lost is looked up by them.
    pub async fn replace_secret(
        &self,
        wrapped: Bytes,
        expected_sequence: u64,
    ) -> Result<bool, RequestError> {
        self.replace_entry(SECRET, wrapped, expected_sequence).await
    }
}
