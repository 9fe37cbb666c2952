//! Notices that an API key was used, on core NATS: one that is lost is made up for by the key's next use.

use async_nats::Subscriber;
use events::{ApiKeyId, WorkspaceId};
use futures::StreamExt;

use crate::request::in_time;
use crate::{Broker, RequestError};

/// Each notice reaches one process of this group.
const QUEUE_GROUP: &str = "command-api";

/// An API key was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// The workspace that the key is for.
    pub workspace: WorkspaceId,
    /// The key.
    pub key: ApiKeyId,
}

/// The notices of all keys, shared among the processes that listen: each is told to one of them.
#[derive(Debug)]
pub struct Uses(Subscriber);

impl Broker {
    /// Tells one of those who listen that a key was used.
    pub async fn publish_used(
        &self,
        workspace: WorkspaceId,
        key: ApiKeyId,
    ) -> Result<(), RequestError> {
        let subject = format!("used.{workspace}.{key}");
        in_time(self.client.publish(subject, "".into())).await
    }

    /// Listens to a share of all keys' notices, over reconnects too; what is said meanwhile is missed.
    pub async fn uses(&self) -> Result<Uses, RequestError> {
        let listening = self
            .client
            .queue_subscribe("used.*.*", QUEUE_GROUP.to_owned());
        Ok(Uses(in_time(listening).await?))
    }
}

impl Uses {
    /// The next notice; `None` when the connection was closed for good. Cancel-safe.
    pub async fn next(&mut self) -> Option<Used> {
        loop {
            let message = self.0.next().await?;
            if let Some(used) = parse(&message.subject) {
                return Some(used);
            }
            tracing::debug!(subject = %message.subject, "not a notice");
        }
    }
}

fn parse(subject: &str) -> Option<Used> {
    let (workspace, key) = subject.strip_prefix("used.")?.split_once('.')?;
    Some(Used {
        workspace: workspace.parse().ok()?,
        key: key.parse().ok()?,
    })
}
