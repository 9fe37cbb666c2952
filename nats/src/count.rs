//! Counters that all processes share (ADR-49): for rate limits, in the broker's memory, and for links with a limit.
//!
//! Each answer is the total after it, so of several processes that count at once each is told another.

use std::num::ParseIntError;

use async_nats::HeaderMap;
use bytes::Bytes;
use events::{LinkId, WorkspaceId};
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
    /// Adds so many uses to a counter, and answers its total, of all processes together.
    ///
    /// `name` is a limit's name and `key` base64url, of whatever is limited; each `window` of a limit counts from 0.
    /// Not tried again: what got no answer may have been counted. A broker that was restarted counts from 0.
    pub async fn count(
        &self,
        name: &str,
        key: &str,
        window: u64,
        uses: u32,
    ) -> Result<u64, RequestError> {
        self.must_be_connected()?;
        let subject = format!("limits.{name}.{window}.{key}");
        match self.add(subject.clone(), i64::from(uses)).await {
            Err(error) if error.is_unheard() => {
                // Rare and large, so it stands apart from the future of every count.
                if let Err(error) = Box::pin(self.apply_limits()).await {
                    tracing::debug!(%error, "cannot make the stream of counters");
                }
                self.add(subject, i64::from(uses)).await
            }
            counted => counted,
        }
    }

    /// Counts a visit of a link that leads only so many, and answers how many there are with it.
    ///
    /// Not tried again: what got no answer may have been counted.
    pub async fn count_visit(
        &self,
        workspace: WorkspaceId,
        link: LinkId,
    ) -> Result<u64, RequestError> {
        self.must_be_connected()?;
        self.add(visits(workspace, link), 1).await
    }

    /// Takes back a visit that led nowhere, so that it uses nothing up.
    pub async fn take_back_visit(
        &self,
        workspace: WorkspaceId,
        link: LinkId,
    ) -> Result<u64, RequestError> {
        self.must_be_connected()?;
        self.add(visits(workspace, link), -1).await
    }

    async fn add(&self, subject: String, by: i64) -> Result<u64, RequestError> {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Incr", by.to_string());
        let answer = self.request(subject, headers, Bytes::new()).await?;
        total(&answer.payload)
    }
}

fn total(payload: &[u8]) -> Result<u64, RequestError> {
    let total = read::<Counted>(payload)?.val;
    let wrong = |error: ParseIntError| RequestError::no_answer(&error);
    total.parse().map_err(wrong)
}

fn visits(workspace: WorkspaceId, link: LinkId) -> String {
    format!("visits.{workspace}.{link}")
}
