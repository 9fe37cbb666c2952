//! Appending to the log: exactly once, however often the answer is lost.

use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use events::{Position, StreamName, Subject};
use tokio::time::Instant;

use crate::batch::BATCH_MESSAGES_MAX;
use crate::message::{Expected, NewMessage, StoredMessage};
use crate::retry::Pauses;
use crate::{Broker, RequestError};

/// How long an append is tried again before its caller is told that the broker is away.
pub(crate) const RETRY_FOR_MAX: Duration = Duration::from_secs(5);
pub(crate) const PAUSE_FIRST: Duration = Duration::from_millis(2);
pub(crate) const PAUSE_MAX: Duration = Duration::from_millis(250);
/// The largest body; the server's limit, less room for headers.
const BODY_BYTES_MAX: usize = (1 << 20) - (64 << 10);
/// Where messages were stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The last message's position.
    pub position: Position,
    /// The first message's sequence; the others follow without a gap.
    pub first: u64,
}

/// Messages were not stored, or it isn't known whether they were.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// A subject isn't as its writer expected: nothing was stored.
    #[error("{} is not at sequence {}", .0.subject, .0.expected)]
    Conflict(Box<Conflict>),
    /// The broker is away: nothing was stored, or it isn't known whether it was, or will be.
    #[error("the broker is not available")]
    Unavailable(#[source] RequestError),
    /// The broker will not store these messages: nothing was stored.
    #[error("the broker does not take these messages")]
    Refused(#[source] RequestError),
    /// These messages cannot be appended together: nothing was stored.
    #[error("{0}")]
    Invalid(&'static str),
}

/// A subject that isn't as its writer expected.
#[derive(Clone, Debug)]
pub struct Conflict {
    /// The subject.
    pub subject: Subject,
    /// The sequence that its last message was expected to have.
    pub expected: u64,
    /// The message that stands where ours should (the holder, if ours was a claim); `None` if the subject
    /// ends before the expected sequence.
    pub found: Option<StoredMessage>,
}

/// What the leader holds where our messages should stand.
enum Standing {
    /// Ours: the answer that got lost was a yes.
    Ours { first: u64 },
    /// Something else, or the subject ends before.
    Taken(Box<Conflict>),
    /// Nothing: the subjects are as expected, so the same messages may be sent again.
    Free,
    /// It cannot be told: nothing was expected, so another try might store the messages twice.
    Unknown,
}

/// What a subject holds behind the message that was expected to be its last.
enum Behind {
    Nothing,
    Message(StoredMessage),
    EndsBefore,
}

impl Broker {
    /// Stores one message, or several of one stream that stand or fall together.
    ///
    /// Of several messages with one subject only the first may expect a sequence (JetStream refuses more).
    /// An answer that got lost is looked up, so messages that expect something are stored once or not at all.
    pub async fn append(&self, messages: &[NewMessage]) -> Result<Appended, AppendError> {
        let (last, before) = messages
            .split_last()
            .ok_or(AppendError::Invalid("there is nothing to append"))?;
        let stream = last.subject.stream();
        check(messages, stream)?;
        let others = before.len() as u64;
        let appended = |first| Appended {
            position: Position {
                stream,
                sequence: first + others,
            },
            first,
        };
        let give_up = Instant::now() + RETRY_FOR_MAX;
        let mut pauses = Pauses::new(PAUSE_FIRST, PAUSE_MAX);
        loop {
            let error = match self.send(before, last).await {
                Ok(sequence) => return Ok(appended(sequence.saturating_sub(others))),
                Err(error) => error,
            };
            if is_in_doubt(&error) {
                match self.look(messages).await {
                    Ok(Standing::Ours { first }) => return Ok(appended(first)),
                    Ok(Standing::Taken(found)) => return Err(AppendError::Conflict(found)),
                    Ok(Standing::Unknown) => return Err(AppendError::Unavailable(error)),
                    Ok(Standing::Free) => {}
                    Err(looking) => tracing::debug!(%looking, "cannot look up a lost answer"),
                }
            } else if !is_busy(&error) {
                return Err(AppendError::Refused(error));
            }
            if Instant::now() >= give_up {
                return Err(AppendError::Unavailable(error));
            }
            tracing::debug!(%error, subject = %last.subject, "appending again");
            pauses.pause().await;
        }
    }

    /// Stores the last, and those before it, all or none; answers its sequence.
    pub(crate) async fn send(
        &self,
        before: &[NewMessage],
        last: &NewMessage,
    ) -> Result<u64, RequestError> {
        if before.is_empty() {
            let subject = last.subject.to_string();
            self.publish(subject, last.header_map(), last.body.clone())
                .await
        } else {
            let (broker, before, last) = (self.clone(), before.to_vec(), last.clone());
            // A batch that was begun is ended, also when its caller hangs up: the server keeps an open one for ten seconds,
            // and has room for few.
            #[expect(
                clippy::disallowed_methods,
                reason = "it ends by itself, within the waits of its requests"
            )]
            let batch = tokio::spawn(async move { broker.publish_batch(&before, &last).await });
            batch
                .await
                .map_err(|error| RequestError::no_answer(&error))?
        }
    }

    /// Asks the leader what stands where the messages should.
    async fn look(&self, messages: &[NewMessage]) -> Result<Standing, RequestError> {
        let mut standing = Standing::Unknown;
        for (index, message) in (0_u64..).zip(messages) {
            let Expected::LastSequence(expected) = message.expected else {
                continue;
            };
            match self.look_behind(&message.subject, expected).await? {
                Behind::Nothing => standing = Standing::Free,
                Behind::Message(found) if found.id() == Some(message.id) => {
                    let first = found.position.sequence.saturating_sub(index);
                    return Ok(Standing::Ours { first });
                }
                Behind::Message(found) => return Ok(taken(message, expected, Some(found))),
                Behind::EndsBefore => return Ok(taken(message, expected, None)),
            }
        }
        Ok(standing)
    }

    /// The message right after the expected one, whatever came later.
    ///
    /// The end is read first: a message that arrives between the two reads is only seen by the second.
    async fn look_behind(&self, subject: &Subject, expected: u64) -> Result<Behind, RequestError> {
        let last = self.leaders_last(subject).await?;
        let end = last.map_or(0, |last| last.position.sequence);
        if end < expected {
            return Ok(Behind::EndsBefore);
        }
        if end == expected {
            return Ok(Behind::Nothing);
        }
        let found = self.next_from_leader(subject, expected + 1).await?;
        Ok(found.map_or(Behind::Nothing, Behind::Message))
    }
}

fn taken(message: &NewMessage, expected: u64, found: Option<StoredMessage>) -> Standing {
    Standing::Taken(Box::new(Conflict {
        subject: message.subject.clone(),
        expected,
        found,
    }))
}

fn check(messages: &[NewMessage], stream: StreamName) -> Result<(), AppendError> {
    if messages.len() > BATCH_MESSAGES_MAX {
        return Err(AppendError::Invalid("there are too many messages"));
    }
    if messages.iter().any(|it| it.body.len() > BODY_BYTES_MAX) {
        return Err(AppendError::Invalid("a message is too large"));
    }
    if messages.iter().any(|it| it.subject.stream() != stream) {
        return Err(AppendError::Invalid("the messages are of several streams"));
    }
    Ok(())
}

/// Whether the messages may stand on the log although this error came.
///
/// A wrong last sequence may be our own: the broker had stored them when the first answer got lost.
fn is_in_doubt(error: &RequestError) -> bool {
    matches!(error, RequestError::NoAnswer(_))
        || error.is(ErrorCode::STREAM_WRONG_LAST_SEQUENCE)
        || error.is(ErrorCode::ATOMIC_PUBLISH_CONTAINS_DUPLICATE_MESSAGE)
}

/// Whether nothing was stored, but the same messages may be taken in a moment.
fn is_busy(error: &RequestError) -> bool {
    [
        ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT,
        ErrorCode::STREAM_DUPLICATE_MESSAGE_CONFLICT,
        ErrorCode::ATOMIC_PUBLISH_TOO_MANY_INFLIGHT,
        ErrorCode::ATOMIC_PUBLISH_INCOMPLETE_BATCH,
        ErrorCode::CLUSTER_NOT_AVAILABLE,
        ErrorCode::CLUSTER_NOT_LEADER,
        ErrorCode::INSUFFICIENT_RESOURCES,
        ErrorCode::STREAM_STORE_FAILED,
    ]
    .into_iter()
    .any(|code| error.is(code))
}
