//! Sending what waits: one message per workspace at a time, each until it is acknowledged.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use events::{BATCH_CONTENT_TYPE, EVENT_ID_HEADER, Position, StreamName, Subject};
use futures::future::join_all;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::queue::Packed;
use super::{BATCH_HEADER, PRODUCER_HEADER, Shared};
use crate::connect::ANSWER_WAIT_MAX;
use crate::message::header_map;
use crate::retry::Pauses;
use crate::{Broker, RequestError};

/// The most messages under way at once.
const ROUND_MESSAGES_MAX: usize = 256;
/// How long those who were answered are waited for: the shortest time that the runtime's clock tells.
const GATHER_FOR_MAX: Duration = Duration::from_millis(1);
/// How long the lane may drain once the process is to end.
const DRAIN_FOR_MAX: Duration = Duration::from_secs(10);
const PAUSE_FIRST: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(500);

pub(super) struct Worker {
    broker: Broker,
    producer: String,
    shared: Arc<Shared>,
}

impl Worker {
    pub(super) fn new(broker: Broker, producer: Uuid, shared: Arc<Shared>) -> Self {
        Self {
            broker,
            producer: producer.to_string(),
            shared,
        }
    }

    pub(super) async fn run(self, shutdown: CancellationToken) {
        let too_late = async {
            shutdown.cancelled().await;
            self.shared.queue().close();
            self.shared.arrived.notify_one();
            tokio::time::sleep(DRAIN_FOR_MAX).await;
        };
        tokio::select! {
            () = self.pump() => {}
            () = too_late => {}
        }
        let lost = self.shared.queue().give_up();
        if lost > 0 {
            tracing::error!(
                clicks = lost,
                "the broker is away: clicks that nobody was answered for are lost"
            );
        }
    }

    /// Sends round after round, until the lane is closed and empty.
    async fn pump(&self) {
        let mut number = 0_u64;
        let mut answered = 0;
        loop {
            self.gather(std::mem::take(&mut answered)).await;
            let (round, is_closed) = {
                let mut queue = self.shared.queue();
                (queue.next_round(ROUND_MESSAGES_MAX), queue.is_closed())
            };
            if round.is_empty() {
                if is_closed {
                    return;
                }
                self.shared.arrived.notified().await;
                continue;
            }
            answered = round.iter().map(|packed| packed.clicks).sum();
            let numbered = round.into_iter().map(|packed| {
                number += 1;
                self.deliver(packed, number)
            });
            join_all(numbered).await;
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

    /// Sends a message under its number until it is acknowledged.
    async fn deliver(&self, mut packed: Packed, number: u64) {
        packed.body.push(b']');
        let body = Bytes::from(packed.body);
        let subject = Subject::Clicks(packed.workspace).to_string();
        let headers = header_map(vec![
            (EVENT_ID_HEADER, packed.id.to_string()),
            ("content-type", BATCH_CONTENT_TYPE.to_owned()),
            (PRODUCER_HEADER, self.producer.clone()),
            (BATCH_HEADER, number.to_string()),
        ]);
        let mut pauses = Pauses::new(PAUSE_FIRST, PAUSE_MAX);
        let sequence = loop {
            match self
                .broker
                .publish(subject.clone(), headers.clone(), body.clone())
                .await
            {
                Ok(sequence) => break sequence,
                Err(error) => self.wait(&error, number, &mut pauses).await,
            }
        };
        self.shared.queue().settle(packed.clicks);
        packed.outcome.send_replace(Some(Position {
            stream: StreamName::Clicks,
            sequence,
        }));
    }

    async fn wait(&self, error: &RequestError, number: u64, pauses: &mut Pauses) {
        tracing::warn!(%error, number, "sending clicks again");
        pauses.pause().await;
        // What is sent while the broker is away would be sent twice when it is back.
        let mut connection = self.broker.connection();
        let back = connection.wait_for(|connection| connection.is_up);
        drop(tokio::time::timeout(ANSWER_WAIT_MAX, back).await);
    }
}
