//! Clicks packed into one message: a JSON array of events.

use bytes::Bytes;
use events::links::ClickEvent;
use events::{ClickId, EventId, WorkspaceId};

use super::message::{pairs, subject_of};
use crate::message::{MESSAGE_BYTES_MAX, lines};
use crate::{Expected, NewMessage};

/// The most clicks of one message.
pub const MESSAGE_CLICKS_MAX: usize = 1_000;

/// The array without its end.
#[derive(Debug)]
pub(super) struct Pack {
    /// The first click's id names the message too.
    pub(super) id: ClickId,
    body: Vec<u8>,
    pub(super) clicks: usize,
}

impl Pack {
    pub(super) fn new(id: ClickId, json: &[u8]) -> Self {
        let mut body = Vec::with_capacity(json.len().saturating_mul(4));
        body.push(b'[');
        body.extend_from_slice(json);
        Self {
            id,
            body,
            clicks: 1,
        }
    }

    pub(super) fn has_room(&self, json: &[u8]) -> bool {
        self.clicks < MESSAGE_CLICKS_MAX && self.body.len() + json.len() + 2 <= MESSAGE_BYTES_MAX
    }

    /// Of its body, so far.
    pub(super) const fn bytes(&self) -> usize {
        self.body.len()
    }

    pub(super) fn push(&mut self, json: &[u8]) {
        self.body.push(b',');
        self.body.extend_from_slice(json);
        self.clicks += 1;
    }

    pub(super) fn finish(mut self) -> Bytes {
        self.body.push(b']');
        Bytes::from(self.body)
    }
}

impl NewMessage {
    /// Messages that hold these clicks, for an append of their own: no producer sends them again.
    pub fn clicks(
        workspace: WorkspaceId,
        events: &[ClickEvent<'_>],
    ) -> Result<Vec<Self>, serde_json::Error> {
        let mut packs: Vec<Pack> = Vec::new();
        for event in events {
            let json = serde_json::to_vec(event)?;
            match packs.last_mut().filter(|it| it.has_room(&json)) {
                Some(pack) => pack.push(&json),
                None => packs.push(Pack::new(event.id, &json)),
            }
        }
        let message = |pack: Pack| Self {
            subject: subject_of(workspace),
            id: EventId::new(pack.id.uuid()),
            expected: Expected::Any,
            headers: lines(pairs(pack.id)).collect(),
            body: pack.finish(),
        };
        Ok(packs.into_iter().map(message).collect())
    }
}
