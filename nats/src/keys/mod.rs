//! The bucket of wrapped keys, one for each user: who destroys a key has erased a person.

mod entry;
mod listing;
mod secret;

use async_nats::HeaderMap;
use async_nats::header::{HeaderName, HeaderValue};
use bytes::Bytes;
use events::UserId;

pub use self::listing::{WrappedKey, WrappedKeys};
use crate::{Broker, ReadError, RequestError};
use entry::{again_and_again, unless_marker};

const STREAM: &str = "KV_user_keys";
const PREFIX: &str = "$KV.user_keys.";

impl Broker {
    /// Stores a user's wrapped key, in the place of an earlier one.
    ///
    /// Tried again as an append is: the same key may be stored twice.
    pub async fn put_key(&self, user: UserId, wrapped: Bytes) -> Result<(), RequestError> {
        let put = || self.publish(subject(user), HeaderMap::new(), wrapped.clone());
        again_and_again(put, |error| matches!(error, RequestError::NoAnswer(_))).await?;
        Ok(())
    }

    /// Stores a user's key in another wrapping, in the place of the one that has this sequence.
    ///
    /// `false` if that one was replaced or destroyed meanwhile: then nothing was stored.
    /// Wrappings must differ in their bytes, since an answer that got lost is looked up by them.
    pub async fn replace_key(
        &self,
        user: UserId,
        wrapped: Bytes,
        expected_sequence: u64,
    ) -> Result<bool, RequestError> {
        self.replace_entry(&subject(user), wrapped, expected_sequence)
            .await
    }

    /// A user's wrapped key, from the leader; `None` if there is none, or none any more.
    pub async fn key(&self, user: UserId) -> Result<Option<Bytes>, ReadError> {
        self.must_be_connected()?;
        let found = self.entry(&subject(user)).await?;
        Ok(found.and_then(unless_marker))
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
    format!("{PREFIX}{user}")
}
