//! Messages: what goes into a stream, and what comes out of it.

use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::{
    HeaderName, HeaderValue, NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MESSAGE_TTL,
};
use async_nats::jetstream::message::StreamMessage;
use bytes::Bytes;
use events::{
    CONTENT_TYPE, DecodeError, DomainEvent, EVENT_ID_HEADER, EventId, Metadata, Position, Recorded,
    StreamName, Subject, Timestamp,
};

/// The most bytes of the body of a message of clicks; half of what the broker takes.
pub(crate) const MESSAGE_BYTES_MAX: usize = 512 * 1_024;

/// What its writer believes of a message's subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nothing: the message is stored whatever stands there.
    Any,
    /// The subject's last message has this sequence; 0 if it has none.
    LastSequence(u64),
}

/// A header and its value.
pub(crate) type Line = (HeaderName, HeaderValue);

/// A message for a stream; a clone shares its headers and its body.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub(crate) subject: Subject,
    pub(crate) id: EventId,
    pub(crate) expected: Expected,
    pub(crate) headers: Arc<[Line]>,
    pub(crate) body: Bytes,
}

impl NewMessage {
    /// An event of the aggregate that the subject names.
    pub fn event<E: DomainEvent>(
        subject: Subject,
        metadata: &Metadata,
        event: &E,
        expected: Expected,
    ) -> Result<Self, serde_json::Error> {
        let encoded = event.encode()?;
        let headers = events::headers(metadata, &encoded.event_type, &subject);
        Ok(Self::new(
            subject,
            metadata.id,
            headers,
            encoded.body.into(),
            expected,
        ))
    }

    /// A claim on a value: whoever is first on the subject holds it.
    pub fn claim(subject: Subject, id: EventId, body: impl Into<Bytes>) -> Self {
        Self::claim_after(subject, id, body, 0)
    }

    /// A claim in the place of an earlier message of its subject: to hold a value that was given up, or to give it up.
    ///
    /// `expected_sequence` is the earlier message's sequence, as [`crate::Conflict`] or
    /// [`Broker::last_from_leader`](crate::Broker::last_from_leader) tells it; 0 if there is none.
    pub fn claim_after(
        subject: Subject,
        id: EventId,
        body: impl Into<Bytes>,
        expected_sequence: u64,
    ) -> Self {
        let headers = vec![
            (EVENT_ID_HEADER, id.to_string()),
            ("content-type", CONTENT_TYPE.to_owned()),
        ];
        let expected = Expected::LastSequence(expected_sequence);
        Self::new(subject, id, headers, body.into(), expected)
    }

    /// Lets the message expire: in whole seconds, at least one.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        let ttl = HeaderValue::from(ttl.as_secs().max(1));
        let lines = self.headers.iter().cloned();
        self.headers = lines.chain([(NATS_MESSAGE_TTL, ttl)]).collect();
        self
    }

    /// The subject it is for.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The headers in the form in which they are sent.
    pub(crate) fn header_map(&self) -> HeaderMap {
        self.headers.iter().cloned().collect()
    }

    /// The message as its stream would hold it: for tests of those who read.
    pub fn as_stored(&self, sequence: u64, stored_at: Timestamp) -> StoredMessage {
        let message = StreamMessage {
            subject: self.subject.to_string().into(),
            sequence,
            headers: self.header_map(),
            payload: self.body.clone(),
            time: stored_at.odt(),
        };
        StoredMessage::new(self.subject.stream(), message)
    }

    fn new(
        subject: Subject,
        id: EventId,
        pairs: Vec<(&'static str, String)>,
        body: Bytes,
        expected: Expected,
    ) -> Self {
        let expecting = match expected {
            Expected::Any => None,
            Expected::LastSequence(sequence) => {
                Some((NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, sequence.into()))
            }
        };
        Self {
            subject,
            id,
            expected,
            headers: lines(pairs).chain(expecting).collect(),
            body,
        }
    }
}

/// Headers for the broker. What came from outside (a request's id) must not break out of its line.
pub(crate) fn lines(pairs: Vec<(&'static str, String)>) -> impl Iterator<Item = Line> {
    let pairs = pairs.into_iter();
    pairs.map(|(name, value)| (HeaderName::from_static(name), in_one_line(value).into()))
}

fn in_one_line(value: String) -> String {
    if value.bytes().any(|it| matches!(it, b'\r' | b'\n')) {
        value.replace(['\r', '\n'], " ")
    } else {
        value
    }
}

/// A message as a stream holds it.
#[derive(Clone, Debug)]
pub struct StoredMessage {
    /// Where it stands.
    pub position: Position,
    /// Whose it is; `None` if the subject is none that Millrace writes.
    pub subject: Option<Subject>,
    /// What it says.
    pub body: Bytes,
    /// When the broker stored it.
    pub stored_at: Timestamp,
    raw_subject: async_nats::Subject,
    headers: HeaderMap,
}

impl StoredMessage {
    /// The subject as it was written.
    pub fn raw_subject(&self) -> &str {
        &self.raw_subject
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(HeaderValue::as_str)
    }

    /// `ce-id`
    pub fn id(&self) -> Option<EventId> {
        self.header(EVENT_ID_HEADER)?.parse().ok()
    }

    /// Whether its writer made sure that nothing stood on the subject before; the broker keeps what was expected.
    pub(crate) fn is_first(&self) -> bool {
        let expected = self.headers.get(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE);
        expected.is_some_and(|it| it.as_str() == "0")
    }

    /// Whether it is a claim, not an event.
    pub fn is_claim(&self) -> bool {
        let subject = self.subject.as_ref();
        subject.is_some_and(|it| matches!(it, Subject::Claim(..) | Subject::ReportClaim(_)))
    }

    /// Reads it as an event.
    pub fn decode<E: DomainEvent>(&self) -> Result<Recorded<E>, DecodeError> {
        let (metadata, event_type) = events::read_metadata(|name| self.header(name))?;
        let subject = self.subject.clone().ok_or(DecodeError::Header {
            header: "ce-subject",
        })?;
        Ok(Recorded {
            position: self.position,
            subject,
            metadata,
            event: E::decode(event_type, &self.body)?,
        })
    }

    pub(crate) fn new(stream: StreamName, message: StreamMessage) -> Self {
        Self {
            position: Position {
                stream,
                sequence: message.sequence,
            },
            subject: message.subject.parse().ok(),
            body: message.payload,
            stored_at: Timestamp::new(message.time),
            raw_subject: message.subject,
            headers: message.headers,
        }
    }
}

#[cfg(test)]
mod tests {
    use async_nats::HeaderMap;

    use super::lines;

    #[test]
    fn a_value_cannot_break_out_of_its_line() {
        let headers: HeaderMap = lines(vec![("a", "1\r\nNats-TTL: 1s".to_owned())]).collect();
        assert_eq!(headers.get("a").unwrap().as_str(), "1  Nats-TTL: 1s");
        assert_eq!(headers.len(), 1);
    }
}
