//! Clicks packed into one message: a JSON array of events.

use bytes::Bytes;
use events::links::ClickEvent;
use events::{ClickId, EventId, WorkspaceId};

use super::message::{pairs, subject_of};
use crate::message::{MESSAGE_BYTES_MAX, lines};
use crate::{Expected, NewMessage};

/// The most clicks of one message.
pub const MESSAGE_CLICKS_MAX: usize = 1_000;

/// From so many bytes on a body will soon be full.
const LARGE_BYTES: usize = 32 * 1_024;

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
        self.make_room(json.len() + 2);
        self.body.push(b',');
        self.body.extend_from_slice(json);
        self.clicks += 1;
    }

    /// A body of some size becomes as large as it may at once: to grow step by step would copy most of it again.
    fn make_room(&mut self, bytes: usize) {
        let (length, room) = (self.body.len(), self.body.capacity());
        if length + bytes > room && length >= LARGE_BYTES {
            self.body.reserve_exact(MESSAGE_BYTES_MAX - length);
        }
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
        let (mut packs, mut json) = (Vec::<Pack>::new(), Vec::new());
        for event in events {
            json.clear();
            event.write(&mut json)?;
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
