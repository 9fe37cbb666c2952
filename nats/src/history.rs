//! Reading what stands on one subject, by direct gets: any replica answers, so it may lag behind the leader.

use async_nats::HeaderMap;
use events::{DecodeError, DomainEvent, Position, Recorded, Subject};

use crate::message::StoredMessage;
use crate::page::{NOT_FOUND, raw, refused};
use crate::{Broker, Diverged, RequestError};

/// The longest history that is read; an aggregate that outgrows it needs a snapshot, not a larger number.
pub const HISTORY_EVENTS_MAX: usize = 65_536;

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

impl Broker {
    /// Everything that happened to one aggregate, in order.
    pub async fn history<E: DomainEvent>(
        &self,
        subject: &Subject,
    ) -> Result<Vec<Recorded<E>>, ReadError> {
        self.must_be_connected()?;
        let mut history = History::of(subject);
        self.read_pages(&mut history).await?;
        Ok(history.events)
    }

    /// Everything that happened to one aggregate, from the leader, whom [`Broker::history`] may lag behind.
    ///
    /// A replica holds a beginning of what the leader holds, so the leader is only asked what the last event is,
    /// at the same time, and then for each event that the replica lacked.
    ///
    /// The same is asked whether there is anything or not: the time that it takes does not tell.
    pub async fn history_from_leader<E: DomainEvent>(
        &self,
        subject: &Subject,
    ) -> Result<Vec<Recorded<E>>, ReadError> {
        self.must_be_connected()?;
        let mut history = History::of(subject);
        let last = async { Ok(self.leaders_last(subject).await?) };
        let ((), last) = tokio::try_join!(self.read_pages(&mut history), last)?;
        self.complete(history, last).await
    }

    /// As [`Broker::history_from_leader`], for what seldom has more than one event.
    ///
    /// The leader is asked for the last, and pages are read only where it is not the first.
    pub async fn short_history_from_leader<E: DomainEvent>(
        &self,
        subject: &Subject,
    ) -> Result<Vec<Recorded<E>>, ReadError> {
        self.must_be_connected()?;
        let mut history = History::of(subject);
        let last = self.leaders_last(subject).await?;
        match &last {
            Some(first) if first.is_first() => history.add(first)?,
            Some(_) => self.read_pages(&mut history).await?,
            None => {}
        }
        self.complete(history, last).await
    }

    /// Adds what a replica lacked, up to the leader's last.
    async fn complete<E: DomainEvent>(
        &self,
        mut history: History<'_, E>,
        last: Option<StoredMessage>,
    ) -> Result<Vec<Recorded<E>>, ReadError> {
        let end = last.map_or(0, |it| it.position.sequence);
        while history.next <= end {
            let Some(message) = self.next_from_leader(history.subject, history.next).await? else {
                break;
            };
            history.add(&message)?;
        }
        Ok(history.events)
    }

    async fn read_pages<E: DomainEvent>(
        &self,
        history: &mut History<'_, E>,
    ) -> Result<(), ReadError> {
        let (stream, name) = (history.subject.stream(), history.subject.to_string());
        loop {
            let page = self.page(stream.as_str(), &name, history.next).await?;
            for message in page.messages {
                history.add(&StoredMessage::new(stream, message))?;
            }
            if page.is_last {
                return Ok(());
            }
        }
    }

    /// A subject's last message.
    pub async fn last(&self, subject: &Subject) -> Result<Option<StoredMessage>, ReadError> {
        self.must_be_connected()?;
        let stream = subject.stream();
        let api = format!("$JS.API.DIRECT.GET.{stream}.{subject}");
        let answer = self.request(api, HeaderMap::new(), "".into()).await?;
        match answer.status.map(|status| status.as_u16()) {
            None => Ok(Some(StoredMessage::new(stream, raw(answer)?))),
            Some(NOT_FOUND) => Ok(None),
            Some(_) => Err(refused(&answer).into()),
        }
    }
}

/// What was read of a history, and where to read on.
struct History<'a, E> {
    subject: &'a Subject,
    events: Vec<Recorded<E>>,
    next: u64,
}

impl<'a, E: DomainEvent> History<'a, E> {
    const fn of(subject: &'a Subject) -> Self {
        Self {
            subject,
            events: Vec::new(),
            next: 1,
        }
    }

    fn add(&mut self, message: &StoredMessage) -> Result<(), ReadError> {
        if self.events.len() >= HISTORY_EVENTS_MAX {
            return Err(ReadError::TooLong(self.subject.clone()));
        }
        self.next = message.position.sequence + 1;
        self.events.push(decode(message)?);
        Ok(())
    }
}

fn decode<E: DomainEvent>(message: &StoredMessage) -> Result<Recorded<E>, ReadError> {
    message.decode().map_err(|source| ReadError::Decode {
        position: message.position,
        source,
    })
}
