//! The envelope: `CloudEvents` 1.0 in binary mode, its attributes as NATS headers.

use std::fmt;
use std::str::FromStr;

use crate::{ApiKeyId, DecodeError, EventId, Position, Subject, Timestamp, UserId};

/// `ce-source` of every event.
pub const SOURCE: &str = "/millrace";
/// `content-type` of one event.
pub const CONTENT_TYPE: &str = "application/json";
/// `content-type` of a batch of events in one message.
pub const BATCH_CONTENT_TYPE: &str = "application/cloudevents-batch+json";
/// The header that names the event.
pub const EVENT_ID_HEADER: &str = "ce-id";
/// The header that names the event's type.
pub const EVENT_TYPE_HEADER: &str = "ce-type";
/// The header that carries the trace (W3C Trace Context).
pub const TRACEPARENT_HEADER: &str = "traceparent";

const TIME_HEADER: &str = "ce-time";
const ACTOR_HEADER: &str = "millrace-actor";
const CORRELATION_HEADER: &str = "millrace-correlation";
const CAUSATION_HEADER: &str = "millrace-causation";

/// Who made something happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody who is known: a visitor, somebody who registers.
    Anonymous,
    /// A user.
    User(UserId),
    /// A program, with an API key.
    ApiKey(ApiKeyId),
    /// Millrace itself.
    System,
}

/// What an envelope says about its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Names the event, everywhere and for ever.
    pub id: EventId,
    /// When it happened, by the clock of the process that decided.
    pub time: Timestamp,
    /// Who made it happen.
    pub actor: Actor,
    /// The request it came from: its `X-Request-ID`.
    pub correlation: Option<String>,
    /// The event it came from.
    pub causation: Option<EventId>,
    /// The trace it belongs to (W3C Trace Context).
    pub traceparent: Option<String>,
}

/// An event as it stands on the log.
#[derive(Clone, Debug)]
pub struct Recorded<E> {
    /// Where it stands.
    pub position: Position,
    /// Whose history it belongs to.
    pub subject: Subject,
    /// What its envelope says.
    pub metadata: Metadata,
    /// What happened.
    pub event: E,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::User(user) => write!(f, "user:{user}"),
            Self::ApiKey(key) => write!(f, "api_key:{key}"),
            Self::System => f.write_str("system"),
        }
    }
}

impl FromStr for Actor {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || DecodeError::Header {
            header: ACTOR_HEADER,
        };
        match text.split_once(':') {
            None if text == "anonymous" => Ok(Self::Anonymous),
            None if text == "system" => Ok(Self::System),
            Some(("user", user)) => user.parse().map(Self::User).map_err(|_| wrong()),
            Some(("api_key", key)) => key.parse().map(Self::ApiKey).map_err(|_| wrong()),
            None | Some(_) => Err(wrong()),
        }
    }
}

/// The headers of an event's message.
#[must_use]
pub fn headers(
    metadata: &Metadata,
    event_type: &str,
    subject: &Subject,
) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("ce-specversion", "1.0".to_owned()),
        (EVENT_ID_HEADER, metadata.id.to_string()),
        (EVENT_TYPE_HEADER, event_type.to_owned()),
        ("ce-source", SOURCE.to_owned()),
        ("ce-subject", subject.to_string()),
        (TIME_HEADER, metadata.time.to_string()),
        ("content-type", CONTENT_TYPE.to_owned()),
        (ACTOR_HEADER, metadata.actor.to_string()),
    ];
    let optional = [
        (CORRELATION_HEADER, metadata.correlation.clone()),
        (
            CAUSATION_HEADER,
            metadata.causation.map(|id| id.to_string()),
        ),
        (TRACEPARENT_HEADER, metadata.traceparent.clone()),
    ];
    headers.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    headers
}

/// Reads the headers of an event's message: what they say, and the event's type.
pub fn read_metadata<'a>(
    header: impl Fn(&str) -> Option<&'a str>,
) -> Result<(Metadata, &'a str), DecodeError> {
    let required = |name| header(name).ok_or(DecodeError::Header { header: name });
    let metadata = Metadata {
        id: parsed(EVENT_ID_HEADER, required(EVENT_ID_HEADER)?)?,
        time: parsed(TIME_HEADER, required(TIME_HEADER)?)?,
        actor: parsed(ACTOR_HEADER, required(ACTOR_HEADER)?)?,
        correlation: header(CORRELATION_HEADER).map(str::to_owned),
        causation: header(CAUSATION_HEADER)
            .map(|it| parsed(CAUSATION_HEADER, it))
            .transpose()?,
        traceparent: header(TRACEPARENT_HEADER).map(str::to_owned),
    };
    Ok((metadata, required(EVENT_TYPE_HEADER)?))
}

fn parsed<T: FromStr>(header: &'static str, text: &str) -> Result<T, DecodeError> {
    text.parse().map_err(|_| DecodeError::Header { header })
}

#[cfg(test)]
mod tests {
    use super::{Actor, Metadata, headers, read_metadata};
    use crate::{DecodeError, EventId, Subject, UserId};
    use uuid::Uuid;

    fn metadata() -> Metadata {
        Metadata {
            id: EventId::new(Uuid::from_u128(1)),
            time: "2026-11-21T10:00:00.000001Z".parse().unwrap(),
            actor: Actor::User(UserId::new(Uuid::from_u128(2))),
            correlation: Some("req-1".to_owned()),
            causation: Some(EventId::new(Uuid::from_u128(3))),
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        }
    }

    #[test]
    fn an_envelope_is_read_as_it_was_written() {
        let subject = Subject::User(UserId::new(Uuid::from_u128(2)));
        let headers = headers(&metadata(), "millrace.core.user.registered.v1", &subject);
        let find = |name: &str| {
            headers
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, it)| it.as_str())
        };
        let (read, event_type) = read_metadata(find).unwrap();
        assert_eq!(
            (read, event_type),
            (metadata(), "millrace.core.user.registered.v1")
        );
    }

    #[test]
    fn a_missing_header_is_named() {
        let error = read_metadata(|_| None).unwrap_err();
        assert!(matches!(error, DecodeError::Header { header: "ce-id" }));
    }
}
