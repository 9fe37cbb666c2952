//! Reading a stream as it grows: an ordered consumer that outlives disconnects and restarts of the broker.

mod catch_up;
mod headers;

use std::time::Duration;

use async_nats::jetstream::consumer::pull::{Config, MessagesError, Stream};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::{self};
use events::{StreamName, Subject, Timestamp};
use futures::{FutureExt, StreamExt};
use tokio::sync::watch;
use tokio::task::coop::unconstrained;
use tokio::time::timeout;

use crate::message::StoredMessage;
use crate::request::ANSWER_WAIT_MAX;
use crate::retry::Pauses;
use crate::{Broker, Checkpoint, Connection, ReadError, RequestError, StreamState};

/// What may be under way to a tail at once: enough to hide a round trip at 500,000 messages a second.
const PULL_MESSAGES_MAX: usize = 8_192;
/// The same in bytes, since a message of clicks takes up to half a megabyte; half as much again is asked for ahead.
const PULL_BYTES_MAX: usize = 32 * 1_024 * 1_024;
const PULL_EXPIRES: Duration = Duration::from_secs(30);
/// Two of these without a sign of life, and the consumer is made anew.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// The broker forgets a consumer whose reader went away.
const INACTIVE_MAX: Duration = Duration::from_secs(30);
const PAUSE_FIRST: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Where a tail begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Behind what the stream holds now.
    New,
    /// At this sequence, or the next one that is kept; 1 is the beginning.
    Sequence(u64),
    /// At the first message that the broker stored at this time or later; as [`Start::New`] if there is none yet.
    Since(Timestamp),
}

/// A stream's messages in order, without a gap and without a repeat.
pub struct Tail {
    broker: Broker,
    stream: StreamName,
    part: Part,
    read: Checkpoint,
    /// The stream's last sequence when the tail was opened.
    end_at_start: u64,
    pending: u64,
    consumer: Option<Consumer>,
    /// Whether there is a consumer, for who cannot see the tail while it reads.
    reading: watch::Sender<bool>,
    connection: watch::Receiver<Connection>,
    pauses: Pauses,
}

/// What of a stream is read.
#[derive(Clone, Debug, Default)]
struct Part {
    /// The one subject; all of them if none.
    subject: Option<Subject>,
    is_without_bodies: bool,
}

/// The broker's part of a tail: it lives in one server's memory, and is replaced whenever it is in doubt.
struct Consumer {
    name: String,
    messages: Stream,
    /// The broker counts what it sends to this consumer: a number left out is a message lost on the way.
    sequence: u64,
}

impl Broker {
    /// Reads a stream from somewhere on.
    pub async fn tail(&self, stream: StreamName, start: Start) -> Result<Tail, ReadError> {
        self.tail_of(stream, Part::default(), start).await
    }

    async fn tail_of(
        &self,
        stream: StreamName,
        part: Part,
        start: Start,
    ) -> Result<Tail, ReadError> {
        let state = self.stream_state(stream).await?;
        let first = match start {
            Start::New => state.last_sequence + 1,
            Start::Sequence(sequence) => sequence,
            // Asked behind the state, so that what comes between the two is found, or stands behind the end.
            Start::Since(time) => {
                let found = self.first_since(stream, time).await?;
                found.unwrap_or(state.last_sequence + 1)
            }
        };
        let read = Checkpoint::before(state.incarnation, first);
        Tail::open(self.clone(), stream, part, read).await
    }

    /// Reads a stream on from where a reader has come, or from its beginning.
    ///
    /// [`ReadError::Diverged`] if the stream isn't the one that was read.
    pub async fn resume(
        &self,
        stream: StreamName,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Tail, ReadError> {
        match checkpoint {
            Some(read) => Tail::open(self.clone(), stream, Part::default(), *read).await,
            None => self.tail(stream, Start::Sequence(1)).await,
        }
    }
}

impl Tail {
    async fn open(
        broker: Broker,
        stream: StreamName,
        part: Part,
        read: Checkpoint,
    ) -> Result<Self, ReadError> {
        let mut tail = Self {
            connection: broker.connection(),
            broker,
            stream,
            part,
            read,
            end_at_start: 0,
            pending: 0,
            consumer: None,
            reading: watch::Sender::new(false),
            pauses: Pauses::new(PAUSE_FIRST, PAUSE_MAX),
        };
        tail.end_at_start = tail.consume().await?.last_sequence;
        Ok(tail)
    }

    /// Waits for at least one message, then takes what is there without waiting, up to the bounds.
    ///
    /// The first message may exceed `bytes_max`; so may the last, by itself.
    /// A call that is given up has taken nothing, but what it had begun in order to read again begins anew:
    /// who has other things to do keeps the call and polls it beside them.
    /// Fails only if the log diverged: whatever else happens to the broker is waited out.
    pub async fn next_batch(
        &mut self,
        messages_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<StoredMessage>, ReadError> {
        let first = self.first().await?;
        let mut bytes = first.body.len();
        let mut batch = vec![first];
        while batch.len() < messages_max && bytes < bytes_max {
            let Some(message) = self.ready() else { break };
            bytes += message.body.len();
            batch.push(message);
        }
        let last_event = batch
            .iter()
            .rev()
            .find(|it| !it.is_claim() && it.id().is_some());
        if let Some(event) = last_event {
            self.read.event_sequence = event.position.sequence;
            self.read.event_id = event.id();
        }
        Ok(batch)
    }

    /// How far the messages that were given out reach.
    pub fn checkpoint(&self) -> Checkpoint {
        self.read
    }

    /// How many messages wait behind them, as of the last one, or of when the broker was last asked for them.
    pub fn pending(&self) -> u64 {
        self.pending
    }

    /// Whether the broker is being read; `false` while it is away, or nothing can be had from it.
    pub fn reading(&self) -> watch::Receiver<bool> {
        self.reading.subscribe()
    }

    async fn first(&mut self) -> Result<StoredMessage, ReadError> {
        loop {
            let Some(consumer) = &mut self.consumer else {
                self.consume_again().await?;
                continue;
            };
            // After a reconnect the consumer may be gone, and asking again is quicker than finding out.
            tokio::select! {
                biased;
                _ = self.connection.changed() => self.end_consumer(),
                next = consumer.messages.next() => if let Some(message) = self.take(next) {
                    return Ok(message);
                },
            }
        }
    }

    /// A message that has already arrived.
    ///
    /// Outside of tokio's budget, which would feign that none has after every 128.
    fn ready(&mut self) -> Option<StoredMessage> {
        let consumer = self.consumer.as_mut()?;
        let next = unconstrained(consumer.messages.next()).now_or_never()?;
        self.take(next)
    }

    /// Takes a message if it is the very next one; anything else ends the consumer.
    fn take(
        &mut self,
        next: Option<Result<jetstream::Message, MessagesError>>,
    ) -> Option<StoredMessage> {
        let taken = self.accept(next);
        if let Err(reason) = &taken {
            tracing::warn!(stream = %self.stream, reason, "reading on with a new consumer");
            self.end_consumer();
        }
        taken.ok()
    }

    fn end_consumer(&mut self) {
        self.consumer = None;
        self.reading.send_replace(false);
    }

    fn accept(
        &mut self,
        next: Option<Result<jetstream::Message, MessagesError>>,
    ) -> Result<StoredMessage, String> {
        let consumer = self.consumer.as_mut().ok_or("there is no consumer")?;
        let message = next
            .ok_or("the consumer ended")?
            .map_err(|error| error.to_string())?;
        let info = message.info().map_err(|error| error.to_string())?;
        if info.consumer_sequence != consumer.sequence + 1 {
            return Err(format!(
                "message {} of the consumer came after {}",
                info.consumer_sequence, consumer.sequence
            ));
        }
        consumer.sequence = info.consumer_sequence;
        self.read.sequence = info.stream_sequence;
        self.pending = info.pending;
        let (sequence, time) = (info.stream_sequence, info.published);
        let async_nats::Message {
            subject,
            payload,
            headers,
            ..
        } = message.split().0;
        let headers = headers.unwrap_or_default();
        let message = StreamMessage {
            subject,
            sequence,
            headers,
            payload,
            time,
        };
        Ok(StoredMessage::new(self.stream, message))
    }

    async fn consume_again(&mut self) -> Result<(), ReadError> {
        loop {
            self.pauses.pause().await;
            // What is asked while the broker is away waits in vain, and is asked again much later.
            let back = self.connection.wait_for(|connection| connection.is_up);
            drop(timeout(ANSWER_WAIT_MAX, back).await);
            match self.consume().await {
                Err(error @ ReadError::Unavailable(_)) => {
                    tracing::warn!(stream = %self.stream, error = %error, "cannot read on yet");
                }
                done => return done.map(drop),
            }
        }
    }

    /// Makes a consumer from the next message on, of a log that still is the one that was read.
    async fn consume(&mut self) -> Result<StreamState, ReadError> {
        self.connection.mark_unchanged();
        let state = self.broker.verify(self.stream, &self.read).await?;
        let (consumer, pending) = self
            .consumer()
            .await
            .map_err(|error| RequestError::no_answer(&error))?;
        self.consumer = Some(consumer);
        self.pending = pending;
        self.reading.send_replace(true);
        self.pauses = Pauses::new(PAUSE_FIRST, PAUSE_MAX);
        Ok(state)
    }

    fn filter(&self) -> String {
        let subject = self.part.subject.as_ref();
        subject.map(ToString::to_string).unwrap_or_default()
    }

    /// Makes the consumer, and answers too how many messages wait for it.
    async fn consumer(&self) -> Result<(Consumer, u64), async_nats::Error> {
        let config = Config {
            description: Some("a tail of Millrace".to_owned()),
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: self.read.sequence + 1,
            },
            ack_policy: AckPolicy::None,
            inactive_threshold: INACTIVE_MAX,
            memory_storage: true,
            num_replicas: 1,
            filter_subject: self.filter(),
            headers_only: self.part.is_without_bodies,
            ..Config::default()
        };
        let consumer = self
            .broker
            .jetstream
            .create_consumer_on_stream(config, self.stream.as_str())
            .await?;
        let info = consumer.cached_info();
        let (name, pending) = (info.name.clone(), info.num_pending);
        let messages = consumer
            .stream()
            .max_messages_per_batch(PULL_MESSAGES_MAX)
            .max_bytes_per_batch(PULL_BYTES_MAX)
            .expires(PULL_EXPIRES)
            .heartbeat(HEARTBEAT)
            .messages()
            .await?;
        let consumer = Consumer {
            name,
            messages,
            sequence: 0,
        };
        Ok((consumer, pending))
    }
}
