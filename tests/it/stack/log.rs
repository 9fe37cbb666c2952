//! The log, read from outside.

use std::collections::HashMap;

use events::links::ClickEvent;
use events::{LinkId, StreamName, Subject};
use nats::{BATCH_HEADER, Broker, PRODUCER_HEADER, Start, StoredMessage};

use super::World;

/// What is read at once.
const MESSAGES_MAX: usize = 1_000;
const BYTES_MAX: usize = 1 << 20;

pub(crate) struct Log(pub(crate) Broker);

impl Log {
    pub(crate) async fn open(world: &World) -> Self {
        Self(Broker::connect(&world.broker.url(), "tests").await.unwrap())
    }

    /// How far a stream reaches.
    pub(crate) async fn last(&self, stream: StreamName) -> u64 {
        self.0.stream_state(stream).await.unwrap().last_sequence
    }

    /// How far each stream reaches.
    pub(crate) async fn ends(&self) -> Vec<(StreamName, u64)> {
        let mut ends = Vec::new();
        for stream in StreamName::ALL {
            ends.push((stream, self.last(stream).await));
        }
        ends
    }

    /// All that a stream holds.
    pub(crate) async fn all(&self, stream: StreamName) -> Vec<StoredMessage> {
        let last = self.last(stream).await;
        let mut tail = self.0.tail(stream, Start::Sequence(1)).await.unwrap();
        let mut messages = Vec::<StoredMessage>::new();
        while messages.last().map_or(0, |it| it.position.sequence) < last {
            messages.extend(tail.next_batch(MESSAGES_MAX, BYTES_MAX).await.unwrap());
        }
        messages
    }

    /// How often each link was opened: every click that the log holds, a message that came again left out.
    pub(crate) async fn clicks(&self) -> HashMap<LinkId, u64> {
        let mut clicks = HashMap::new();
        for message in self.new_clicks().await {
            for click in ClickEvent::decode_batch(&message.body).unwrap() {
                *clicks.entry(click.data.link_id).or_default() += 1;
            }
        }
        clicks
    }

    /// The messages of clicks, those that came again left out.
    pub(crate) async fn new_clicks(&self) -> Vec<StoredMessage> {
        let mut numbers = HashMap::<String, u64>::new();
        let mut messages = self.all(StreamName::Clicks).await;
        let is_of_clicks = |it: &StoredMessage| matches!(it.subject, Some(Subject::Clicks(_)));
        messages.retain(|it| is_of_clicks(it) && is_new(&mut numbers, it));
        messages
    }
}

/// Whether it is the first of its producer's number; a report with a key has no producer, and comes once.
fn is_new(numbers: &mut HashMap<String, u64>, message: &StoredMessage) -> bool {
    let Some(number) = message.header(BATCH_HEADER) else {
        assert!(message.header(PRODUCER_HEADER).is_none());
        return true;
    };
    let producer = message.header(PRODUCER_HEADER).unwrap();
    let lane = format!("{producer} {}", message.raw_subject());
    let last = numbers.entry(lane).or_default();
    let number: u64 = number.parse().unwrap();
    let is_new = number > *last;
    *last = number.max(*last);
    is_new
}
