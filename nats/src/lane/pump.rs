//! From the callers to the broker; and to the spool, if the broker doesn't take it at once.

use std::sync::Arc;
use std::time::Duration;

use events::{Position, StreamName};
use futures::future::join_all;
use tokio::time::Instant;
use uuid::Uuid;

use super::blocking::blocking;
use super::message::{Numbered, headers, subject_of};
use super::producer::Producer;
use super::queue::{Fate, Packed};
use super::{Kept, Shared};
use crate::Broker;
use crate::spool::{Ledger, Put, Writer};

/// The most messages under way at once, and about the most bytes: what the broker stores in a fraction of
/// [`ACKNOWLEDGED_WITHIN`] even if it is busy.
const ROUND_MESSAGES_MAX: usize = 256;
const ROUND_BYTES_MAX: usize = 2 << 20;
/// How long those who were answered are waited for: the shortest time that the runtime's clock tells.
const GATHER_FOR_MAX: Duration = Duration::from_millis(1);
/// How long visitors wait for the broker: many times what a sync takes, and less than they notice.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_millis(50);
/// How long a disk that took nothing is left alone.
const DISK_PAUSE: Duration = Duration::from_secs(1);
/// The log tells of an outage so often, and not for every message.
const TOLD_EVERY: Duration = Duration::from_secs(10);

pub(super) struct Pump {
    broker: Broker,
    producer: Producer,
    shared: Arc<Shared>,
    ledger: Arc<Ledger>,
    /// Away while it writes.
    writer: Option<Writer>,
    disk_rests_until: Option<Instant>,
    waiting: Told,
    dropped: Told,
}

/// What the log was told of, and since then wasn't.
#[derive(Default)]
struct Told {
    at: Option<Instant>,
    clicks: usize,
}

impl Pump {
    pub(super) fn new(
        broker: Broker,
        producer: Uuid,
        shared: Arc<Shared>,
        ledger: Arc<Ledger>,
        writer: Writer,
    ) -> Self {
        Self {
            broker,
            producer: Producer::new(producer, Instant::now()),
            shared,
            ledger,
            writer: Some(writer),
            disk_rests_until: None,
            waiting: Told::default(),
            dropped: Told::default(),
        }
    }

    /// Handles round after round, until the lane is closed and empty.
    pub(super) async fn run(mut self) {
        let mut answered = 0;
        loop {
            self.gather(std::mem::take(&mut answered)).await;
            let (round, is_closed) = {
                let mut queue = self.shared.queue();
                (
                    queue.next_round(ROUND_MESSAGES_MAX, ROUND_BYTES_MAX),
                    queue.is_closed(),
                )
            };
            if round.is_empty() {
                if is_closed {
                    return;
                }
                self.shared.arrived.notified().await;
                continue;
            }
            answered = round.iter().map(|packed| packed.pack.clicks).sum();
            self.handle(round).await;
        }
    }

    /// Waits, after a round that answered many, until half of all who are about are back.
    ///
    /// Two groups then take turns, one packing while the other is synced.
    /// Otherwise the first to come back would be sent alone, and have a sync of its own while all others wait.
    async fn gather(&self, answered: usize) {
        let quorum = {
            let mut queue = self.shared.queue();
            let quorum = usize::midpoint(answered, queue.waiting());
            if queue.waiting() >= quorum {
                return;
            }
            queue.await_quorum(quorum);
            quorum
        };
        let gathered = async {
            while !self.shared.queue().is_gathered(quorum) {
                self.shared.arrived.notified().await;
            }
        };
        // Who doesn't come back is not waited for.
        tokio::time::timeout(GATHER_FOR_MAX, gathered)
            .await
            .unwrap_or_default();
        self.shared.queue().await_quorum(1);
    }

    /// Sends them, if the broker is there and nothing is overtaken, or keeps them.
    async fn handle(&mut self, round: Vec<Packed>) {
        let is_direct = self.broker.is_connected() && self.overtakes_nothing();
        let number =
            |packed| Numbered::new(packed, self.producer.id(), self.producer.next_number());
        let messages: Vec<_> = round.into_iter().map(number).collect();
        let late = if is_direct {
            let sent = messages.into_iter().map(|message| self.send(message));
            join_all(sent).await.into_iter().flatten().collect()
        } else {
            messages
        };
        if !late.is_empty() {
            self.keep(late).await;
        }
    }

    /// Whether nothing of the producer's waits in the spool, or another could take its place.
    ///
    /// Otherwise clicks would have to go through the spool until it is empty, which it may never be: the spool takes
    /// them faster than it is drained.
    fn overtakes_nothing(&mut self) -> bool {
        if self.ledger.is_passed() {
            return true;
        }
        let (now, does_rest) = (Instant::now(), self.disk_rests());
        let is_urgent = does_rest || self.ledger.is_half_full();
        let gives_way = self.producer.give_way(now, is_urgent);
        if gives_way {
            self.ledger.pass();
            tracing::debug!("trying the broker again, past the clicks in the spool");
        }
        gives_way
    }

    /// Sends a message, and gives it back if it isn't known to be stored.
    async fn send(&self, message: Numbered) -> Option<Numbered> {
        let entry = &message.entry;
        let headers = headers(entry.id, entry.producer.to_string(), entry.number).collect();
        let subject = subject_of(entry.workspace).to_string();
        let body = entry.body.clone();
        let sent = self
            .broker
            .publish_within(ACKNOWLEDGED_WITHIN, subject, headers, body);
        match sent.await {
            Ok(sequence) => {
                let position = Position {
                    stream: StreamName::Clicks,
                    sequence,
                };
                self.settle(message, Fate::Kept(Kept::InLog(position)));
                None
            }
            Err(error) => {
                tracing::debug!(%error, number = entry.number, "clicks go to the spool");
                Some(message)
            }
        }
    }

    fn disk_rests(&self) -> bool {
        self.disk_rests_until.is_some_and(|it| Instant::now() < it)
    }

    /// Puts messages into the spool; those that find no place are dropped, the newest first.
    async fn keep(&mut self, messages: Vec<Numbered>) {
        let entries: Vec<_> = messages.iter().map(|it| it.entry.clone()).collect();
        let Some(mut writer) = self.writer.take() else {
            return;
        };
        let does_rest = self.disk_rests();
        let (writer, put) = blocking(move || {
            let put = if does_rest {
                writer.refuse(&entries)
            } else {
                writer.append(&entries)
            };
            (writer, put)
        })
        .await;
        self.writer = Some(writer);
        if put.failure.is_some() {
            self.disk_rests_until = Some(Instant::now() + DISK_PAUSE);
        }
        self.tell(&messages, &put);
        for (index, message) in messages.into_iter().enumerate() {
            let is_kept = index < put.count;
            self.settle(
                message,
                if is_kept {
                    Fate::Kept(Kept::InSpool)
                } else {
                    Fate::Dropped
                },
            );
        }
    }

    fn settle(&self, message: Numbered, fate: Fate) {
        self.shared.queue().settle(message.clicks());
        message.settle(fate);
    }

    fn tell(&mut self, messages: &[Numbered], put: &Put) {
        let clicks = |messages: Option<&[Numbered]>| {
            messages
                .unwrap_or_default()
                .iter()
                .map(Numbered::clicks)
                .sum()
        };
        if let Some(clicks) = self.waiting.is_due(clicks(messages.get(..put.count))) {
            tracing::warn!(clicks, "the broker is away or slow: clicks go to the spool");
        }
        if let Some(clicks) = self.dropped.is_due(clicks(messages.get(put.count..))) {
            let disk = put.failure.as_ref().map(ToString::to_string);
            tracing::error!(
                clicks,
                disk,
                "the broker is away and the spool is full: clicks are dropped"
            );
        }
    }
}

impl Told {
    /// How many clicks to tell of, if it is time to.
    fn is_due(&mut self, clicks: usize) -> Option<usize> {
        self.clicks += clicks;
        let is_recent = self.at.is_some_and(|at| at.elapsed() < TOLD_EVERY);
        if self.clicks == 0 || is_recent {
            return None;
        }
        self.at = Some(Instant::now());
        Some(std::mem::take(&mut self.clicks))
    }
}
