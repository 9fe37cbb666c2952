//! Counters that all processes share, for rate limits: exact, but only in the broker's memory (ADR-49).

use std::num::ParseIntError;

use async_nats::HeaderMap;
use bytes::Bytes;
use serde::Deserialize;

use crate::request::read;
use crate::{Broker, RequestError};

/// The longest window that can be counted in, in seconds: the broker forgets a counter two hours after its last use.
pub const COUNT_WINDOW_S_MAX: u32 = 3_600;

/// The total comes as a text, since it may grow beyond what JSON's numbers hold.
#[derive(Deserialize)]
struct Counted {
    val: String,
}

impl Broker {
    /// Adds one to a counter, and answers its total, of all processes together.
    ///
    /// `name` is a limit's name and `key` base64url, of whatever is limited; each `window` of a limit counts from 0.
    /// Not tried again: what got no answer may have been counted. A broker that was restarted counts from 0.
    pub async fn count(&self, name: &str, key: &str, window: u64) -> Result<u64, RequestError> {
        self.must_be_connected()?;
        let subject = format!("limits.{name}.{window}.{key}");
        match self.increment(subject.clone()).await {
            Err(error) if error.is_unheard() => {
                // Rare and large, so it stands apart from the future of every count.
                if let Err(error) = Box::pin(self.apply_limits()).await {
                    tracing::debug!(%error, "cannot make the stream of counters");
                }
                self.increment(subject).await
            }
            counted => counted,
        }
    }

    async fn increment(&self, subject: String) -> Result<u64, RequestError> {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Incr", "1");
        let answer = self.request(subject, headers, Bytes::new()).await?;
        let total = read::<Counted>(&answer.payload)?.val;
        let wrong = |error: ParseIntError| RequestError::no_answer(&error);
        total.parse().map_err(wrong)
    }
}
