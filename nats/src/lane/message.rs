//! A message of clicks as it goes out, from the lane as from the spool.

use async_nats::HeaderMap;
use bytes::Bytes;
use events::{BATCH_CONTENT_TYPE, ClickId, EVENT_ID_HEADER, EventId, Subject};
use tokio::sync::watch;
use uuid::Uuid;

use super::queue::{Fate, Packed};
use super::{BATCH_HEADER, PRODUCER_HEADER};
use crate::message::header_map;
use crate::spool::Entry;
use crate::{Expected, NewMessage};

/// A message that has its number, and those who wait for it.
pub(super) struct Numbered {
    pub(super) entry: Entry,
    outcome: watch::Sender<Option<Fate>>,
}

impl Numbered {
    pub(super) fn new(packed: Packed, producer: Uuid, number: u64) -> Self {
        let Packed {
            workspace,
            id,
            mut body,
            clicks,
            outcome,
        } = packed;
        body.push(b']');
        Self {
            entry: Entry {
                producer,
                workspace,
                id,
                number,
                // A message holds a thousand at most.
                clicks: u32::try_from(clicks).unwrap_or(u32::MAX),
                body: Bytes::from(body),
            },
            outcome,
        }
    }

    pub(super) fn clicks(&self) -> usize {
        self.entry.clicks as usize
    }

    /// Tells all who wait.
    pub(super) fn settle(self, fate: Fate) {
        self.outcome.send_replace(Some(fate));
    }
}

pub(super) fn subject(entry: &Entry) -> Subject {
    Subject::Clicks(entry.workspace)
}

pub(super) fn headers(id: ClickId, producer: String, number: u64) -> HeaderMap {
    header_map(vec![
        (EVENT_ID_HEADER, id.to_string()),
        ("content-type", BATCH_CONTENT_TYPE.to_owned()),
        (PRODUCER_HEADER, producer),
        (BATCH_HEADER, number.to_string()),
    ])
}

/// As the broker takes several at once.
pub(super) fn of_entry(entry: &Entry) -> NewMessage {
    NewMessage {
        subject: subject(entry),
        id: EventId::new(entry.id.uuid()),
        expected: Expected::Any,
        headers: headers(entry.id, entry.producer.to_string(), entry.number),
        body: entry.body.clone(),
    }
}
