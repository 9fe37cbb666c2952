//! A message of clicks as it goes out, from the lane as from the spool.

use events::{BATCH_CONTENT_TYPE, ClickId, EVENT_ID_HEADER, EventId, Subject, WorkspaceId};
use tokio::sync::watch;
use uuid::Uuid;

use super::queue::{Fate, Packed};
use super::{BATCH_HEADER, PRODUCER_HEADER};
use crate::message::{Line, lines};
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
            pack,
            outcome,
        } = packed;
        Self {
            entry: Entry {
                producer,
                workspace,
                id: pack.id,
                number,
                // A message holds a thousand at most.
                clicks: u32::try_from(pack.clicks).unwrap_or(u32::MAX),
                body: pack.finish(),
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

pub(super) const fn subject_of(workspace: WorkspaceId) -> Subject {
    Subject::Clicks(workspace)
}

/// What every message of clicks says of itself.
pub(super) fn pairs(id: ClickId) -> Vec<(&'static str, String)> {
    vec![
        (EVENT_ID_HEADER, id.to_string()),
        ("content-type", BATCH_CONTENT_TYPE.to_owned()),
    ]
}

pub(super) fn headers(id: ClickId, producer: String, number: u64) -> impl Iterator<Item = Line> {
    let mut pairs = pairs(id);
    pairs.push((PRODUCER_HEADER, producer));
    pairs.push((BATCH_HEADER, number.to_string()));
    lines(pairs)
}

/// As the broker takes several at once.
pub(super) fn of_entry(entry: &Entry) -> NewMessage {
    NewMessage {
        subject: subject_of(entry.workspace),
        id: EventId::new(entry.id.uuid()),
        expected: Expected::Any,
        headers: headers(entry.id, entry.producer.to_string(), entry.number).collect(),
        body: entry.body.clone(),
    }
}
