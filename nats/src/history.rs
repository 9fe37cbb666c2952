//! Reading what stands on one subject, by direct gets: any replica answers, so it may lag behind the leader.

use async_nats::jetstream::message::StreamMessage;
use async_nats::{HeaderMap, Message};
use events::{DecodeError, DomainEvent, Position, Recorded, StreamName, Subject};
use futures::StreamExt;
use serde_json::json;
use tokio::time::timeout;

use crate::connect::ANSWER_WAIT_MAX;
use crate::message::StoredMessage;
use crate::request::in_time;
use crate::{Broker, Diverged, RequestError};

/// The longest history that is read; an aggregate that outgrows it needs a snapshot, not a larger number.
pub const HISTORY_EVENTS_MAX: usize = 65_536;
/// How many messages one request asks for.
const PAGE_MESSAGES: usize = 512;

/// Statuses with which a direct get ends.
const END_OF_BATCH: u16 = 204;
const NOT_FOUND: u16 = 404;
const NO_RESPONDERS: u16 = 503;

/// The log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The broker did not answer, or refused.
    #[error("the log cannot be read")]
    Unavailable(#[from] RequestError),
    /// A message of the history isn't the event that it should be.
    #[error("{position} cannot be read as an event")]
    Decode {
        /// Where it stands.
        position: Position,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// The history has more than [`HISTORY_EVENTS_MAX`] events.
    #[error("the history of {0} is too long")]
    TooLong(Subject),
    /// The log isn't the one that the reader has read before.
    #[error(transparent)]
    Diverged(#[from] Diverged),
}

struct Page {
    messages: Vec<StoredMessage>,
    is_last: bool,
}

impl Broker {
    /// Everything that happened to one aggregate, in order.
    pub async fn history<E: DomainEvent>(
        &self,
        subject: &Subject,
    ) -> Result<Vec<Recorded<E>>, ReadError> {
        self.must_be_connected()?;
        let (stream, name) = (subject.stream(), subject.to_string());
        let mut history = Vec::new();
        let mut next = 1;
        loop {
            let page = self.page(stream, &name, next).await?;
            next = page
                .messages
                .last()
                .map_or(next, |it| it.position.sequence + 1);
            for message in &page.messages {
                history.push(decode(message)?);
            }
            if page.is_last {
                return Ok(history);
            }
            if history.len() >= HISTORY_EVENTS_MAX {
                return Err(ReadError::TooLong(subject.clone()));
            }
        }
    }

    /// Everything that happened to one aggregate, from the leader, whom [`Broker::history`] may lag behind.
    ///
    /// One question for each event: for after a conflict, or when something is known to exist that a replica
    /// doesn't show; not for every command.
    pub async fn history_from_leader<E: DomainEvent>(
        &self,
        subject: &Subject,
    ) -> Result<Vec<Recorded<E>>, ReadError> {
        self.must_be_connected()?;
        let mut history = Vec::new();
        let mut next = 1;
        while let Some(message) = self.next_from_leader(subject, next).await? {
            if history.len() >= HISTORY_EVENTS_MAX {
                return Err(ReadError::TooLong(subject.clone()));
            }
            next = message.position.sequence + 1;
            history.push(decode(&message)?);
        }
        Ok(history)
    }

    /// A subject's last message.
    pub async fn last(&self, subject: &Subject) -> Result<Option<StoredMessage>, ReadError> {
        self.must_be_connected()?;
        let stream = subject.stream();
        let api = format!("$JS.API.DIRECT.GET.{stream}.{subject}");
        let answer = self.request(api, HeaderMap::new(), "".into()).await?;
        match answer.status.map(|status| status.as_u16()) {
            None => Ok(Some(stored(stream, answer)?)),
            Some(NOT_FOUND) => Ok(None),
            Some(_) => Err(refused(&answer).into()),
        }
    }

    /// One request, answered by up to a page of messages and a status that ends them.
    async fn page(
        &self,
        stream: StreamName,
        subject: &str,
        from: u64,
    ) -> Result<Page, RequestError> {
        let inbox = self.client.new_inbox();
        let mut answers = in_time(self.client.subscribe(inbox.clone())).await?;
        let question = json!({ "seq": from, "next_by_subj": subject, "batch": PAGE_MESSAGES });
        let api = format!("$JS.API.DIRECT.GET.{stream}");
        let asking = self
            .client
            .publish_with_reply(api, inbox, question.to_string().into());
        in_time(asking).await?;
        let mut messages = Vec::new();
        loop {
            let answer = timeout(ANSWER_WAIT_MAX, answers.next())
                .await
                .map_err(|_| RequestError::no_answer("timed out"))?
                .ok_or_else(|| RequestError::no_answer("the connection was closed"))?;
            let is_last = match answer.status.map(|status| status.as_u16()) {
                None => {
                    messages.push(stored(stream, answer)?);
                    continue;
                }
                Some(END_OF_BATCH) => header(&answer, "Nats-Num-Pending") == Some("0"),
                Some(NOT_FOUND) => true,
                Some(NO_RESPONDERS) => {
                    return Err(RequestError::no_answer("nobody listens there"));
                }
                Some(_) => return Err(refused(&answer)),
            };
            return Ok(Page { messages, is_last });
        }
    }
}

fn decode<E: DomainEvent>(message: &StoredMessage) -> Result<Recorded<E>, ReadError> {
    message.decode().map_err(|source| ReadError::Decode {
        position: message.position,
        source,
    })
}

fn stored(stream: StreamName, answer: Message) -> Result<StoredMessage, RequestError> {
    let message =
        StreamMessage::try_from(answer).map_err(|error| RequestError::no_answer(&error))?;
    Ok(StoredMessage::new(stream, message))
}

fn header<'a>(answer: &'a Message, name: &str) -> Option<&'a str> {
    Some(answer.headers.as_ref()?.get(name)?.as_str())
}

fn refused(answer: &Message) -> RequestError {
    RequestError::Refused {
        code: answer.status.map_or(0, |status| status.as_u16().into()),
        description: answer.description.clone().unwrap_or_default(),
    }
}
