//! The clicks that wait, packed into messages as they arrive.

use std::collections::{HashMap, VecDeque};

use events::{ClickId, WorkspaceId};
use tokio::sync::watch;

use super::{Kept, LaneError};

/// The most clicks of one message.
pub const MESSAGE_CLICKS_MAX: usize = 1_000;
/// The most bytes of one message's body; half of what the broker takes.
pub const MESSAGE_BYTES_MAX: usize = 512 * 1_024;
/// The most clicks that may wait for their acknowledgement, over all workspaces.
pub const LANE_CLICKS_MAX: usize = 65_536;

/// Becomes the fate of the message; ends without one if the message is given up.
pub(super) type Outcome = watch::Receiver<Option<Fate>>;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Kept(Kept),
    Dropped,
}

/// The clicks of one workspace that go out together: a JSON array without its end.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) workspace: WorkspaceId,
    /// The first click's id names the message too.
    pub(super) id: ClickId,
    pub(super) body: Vec<u8>,
    pub(super) clicks: usize,
    pub(super) outcome: watch::Sender<Option<Fate>>,
}

/// What became of a click that was added.
pub(super) struct Added {
    pub(super) outcome: Outcome,
    /// Whether the worker waits for just this one.
    pub(super) completes: bool,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    /// No workspace is here without a message.
    waiting: HashMap<WorkspaceId, VecDeque<Packed>>,
    /// Each workspace that has messages, once: who was served goes to the end.
    turns: VecDeque<WorkspaceId>,
    /// Those that wait and those under way.
    clicks: usize,
    /// Those that wait.
    clicks_waiting: usize,
    /// How many must wait before the worker is woken.
    quorum: usize,
    is_closed: bool,
}

impl Queue {
    pub(super) fn add(
        &mut self,
        workspace: WorkspaceId,
        id: ClickId,
        json: &[u8],
    ) -> Result<Added, LaneError> {
        if self.is_closed {
            return Err(LaneError::Closed);
        }
        if self.clicks >= LANE_CLICKS_MAX {
            return Err(LaneError::Full);
        }
        // Around the clicks stand brackets, between them commas.
        if json.len() + 2 > MESSAGE_BYTES_MAX {
            return Err(LaneError::TooLarge);
        }
        self.clicks += 1;
        self.clicks_waiting += 1;
        let completes = self.clicks_waiting == self.quorum.max(1);
        let messages = self.waiting.entry(workspace).or_default();
        if messages.is_empty() {
            self.turns.push_back(workspace);
        }
        let outcome = if let Some(last) = messages.back_mut().filter(|last| last.has_room(json)) {
            last.push(json)
        } else {
            let message = Packed::new(workspace, id, json);
            let outcome = message.outcome.subscribe();
            messages.push_back(message);
            outcome
        };
        Ok(Added { outcome, completes })
    }

    /// The next message of each workspace, of those whose turn it is.
    pub(super) fn next_round(&mut self, messages_max: usize) -> Vec<Packed> {
        let mut round = Vec::new();
        for _ in 0..self.turns.len().min(messages_max) {
            let Some(workspace) = self.turns.pop_front() else {
                break;
            };
            let Some(messages) = self.waiting.get_mut(&workspace) else {
                continue;
            };
            if let Some(message) = messages.pop_front() {
                self.clicks_waiting -= message.clicks;
                round.push(message);
            }
            if messages.is_empty() {
                self.waiting.remove(&workspace);
            } else {
                self.turns.push_back(workspace);
            }
        }
        round
    }

    /// How many clicks wait.
    pub(super) fn waiting(&self) -> usize {
        self.clicks_waiting
    }

    /// Whether there is nothing more to wait for.
    pub(super) fn is_gathered(&self, quorum: usize) -> bool {
        self.is_closed || self.clicks_waiting >= quorum
    }

    /// Wakes the worker only once so many wait.
    pub(super) fn await_quorum(&mut self, clicks: usize) {
        self.quorum = clicks;
    }

    /// Clicks have left the lane.
    pub(super) fn settle(&mut self, clicks: usize) {
        self.clicks = self.clicks.saturating_sub(clicks);
    }

    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Gives up what waits, and answers how many clicks are lost with it and with what is under way.
    pub(super) fn give_up(&mut self) -> usize {
        self.close();
        self.waiting.clear();
        self.turns.clear();
        self.clicks_waiting = 0;
        std::mem::take(&mut self.clicks)
    }
}

impl Packed {
    fn new(workspace: WorkspaceId, id: ClickId, json: &[u8]) -> Self {
        let mut body = Vec::with_capacity(json.len().saturating_mul(4));
        body.push(b'[');
        body.extend_from_slice(json);
        Self {
            workspace,
            id,
            body,
            clicks: 1,
            outcome: watch::Sender::new(None),
        }
    }

    fn has_room(&self, json: &[u8]) -> bool {
        self.clicks < MESSAGE_CLICKS_MAX && self.body.len() + json.len() + 2 <= MESSAGE_BYTES_MAX
    }

    fn push(&mut self, json: &[u8]) -> Outcome {
        self.body.push(b',');
        self.body.extend_from_slice(json);
        self.clicks += 1;
        self.outcome.subscribe()
    }
}
