//! Notices that a projection has come further, on core NATS: nothing is lost with one but time.

use std::str::FromStr;

use async_nats::Subscriber;
use events::{Context, Position};
use futures::StreamExt;

use crate::request::in_time;
use crate::{Broker, RequestError};

/// A projection has committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Whose projection it is.
    pub context: Context,
    /// The projection's name.
    pub projection: String,
    /// How far it has come.
    pub position: Position,
}

/// The notices of all projections.
#[derive(Debug)]
pub struct Changes(Subscriber);

impl Broker {
    /// Tells whoever listens that a projection has come as far as `position`.
    pub async fn publish_changed(
        &self,
        context: Context,
        projection: &str,
        position: Position,
    ) -> Result<(), RequestError> {
        let subject = format!("changed.{}.{projection}", context.as_str());
        let body = position.to_string().into();
        in_time(self.client.publish(subject, body)).await
    }

    /// Listens to all projections, over reconnects too; what is said meanwhile is missed.
    pub async fn changes(&self) -> Result<Changes, RequestError> {
        Ok(Changes(in_time(self.client.subscribe("changed.>")).await?))
    }
}

impl Changes {
    /// The next notice; `None` when the connection was closed for good. Cancel-safe.
    pub async fn next(&mut self) -> Option<Changed> {
        loop {
            let message = self.0.next().await?;
            if let Some(changed) = parse(&message.subject, &message.payload) {
                return Some(changed);
            }
            tracing::debug!(subject = %message.subject, "not a notice");
        }
    }
}

fn parse(subject: &str, body: &[u8]) -> Option<Changed> {
    let (context, projection) = subject.strip_prefix("changed.")?.split_once('.')?;
    Some(Changed {
        context: Context::ALL.into_iter().find(|it| it.as_str() == context)?,
        projection: projection.to_owned(),
        position: Position::from_str(std::str::from_utf8(body).ok()?).ok()?,
    })
}
