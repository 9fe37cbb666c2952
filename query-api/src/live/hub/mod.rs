//! Who listens to what, and the handing out of clicks.

mod audience;
mod metrics;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use events::links::ClickEvent;
use events::{LinkId, WorkspaceId};
use tokio::sync::mpsc;

use self::audience::{Audience, Place};
pub(super) use self::metrics::LiveMetrics;
use super::cursor::Cursor;
use super::frame::ClickFrame;
use super::repeats::{Batch, Repeats};

/// Subscriptions of one process; some 10 KB each.
const LISTENERS_MAX: usize = 20_000;
/// Clicks that may wait for one subscriber before it counts as too slow.
pub(super) const FRAMES_MAX: usize = 256;

/// One message of CLICKS, not looked into yet.
pub(super) struct Message<'a> {
    pub(super) sequence: u64,
    pub(super) workspace: WorkspaceId,
    pub(super) batch: Option<Batch>,
    pub(super) body: &'a [u8],
}

/// Nobody can be let in.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum JoinError {
    #[error("the log is not followed yet")]
    NotFollowing,
    #[error("{LISTENERS_MAX} subscriptions are open already")]
    Full,
}

/// The meeting place of the tail and the sockets.
#[derive(Default)]
pub(super) struct Hub {
    state: Mutex<State>,
    metrics: LiveMetrics,
}

#[derive(Default)]
struct State {
    /// The last message that was handed out or skipped; none before the tail has begun.
    position: Option<u64>,
    repeats: Repeats,
    audiences: HashMap<WorkspaceId, Audience>,
    listeners: usize,
    next_listener: u64,
}

/// One listener's end; leaves the hub when dropped.
pub(super) struct Subscription {
    /// Every click after this one comes.
    pub(super) start: Cursor,
    frames: mpsc::Receiver<ClickFrame>,
    place: Place,
    hub: Arc<Hub>,
}

impl Hub {
    pub(super) const fn metrics(&self) -> &LiveMetrics {
        &self.metrics
    }

    /// The tail begins behind `position`.
    ///
    /// Whoever listened to an earlier tail is cut off, since there may be a gap between the two.
    pub(super) fn begin(&self, position: u64) {
        let mut state = self.state();
        state.position = Some(position);
        state.audiences.clear();
    }

    /// Listens to one link of `workspace`, or to all.
    ///
    /// Joining and handing out exclude each other, so exactly what comes behind `start` is received.
    pub(super) fn join(
        self: &Arc<Self>,
        workspace: WorkspaceId,
        link: Option<LinkId>,
    ) -> Result<Subscription, JoinError> {
        let mut state = self.state();
        let position = state.position.ok_or(JoinError::NotFollowing)?;
        if state.listeners >= LISTENERS_MAX {
            return Err(JoinError::Full);
        }
        let (sender, frames) = mpsc::channel(FRAMES_MAX);
        let place = Place {
            workspace,
            link,
            listener: state.next_listener,
        };
        state.next_listener += 1;
        state.listeners += 1;
        state
            .audiences
            .entry(workspace)
            .or_default()
            .seat(&place, sender);
        self.metrics.sockets.inc();
        Ok(Subscription {
            start: Cursor::Message(position),
            frames,
            place,
            hub: Arc::clone(self),
        })
    }

    /// Hands a message's clicks to those who listen; if nobody does, it isn't even decoded.
    pub(super) fn deliver(&self, message: &Message<'_>) {
        if self.skip(message) {
            return;
        }
        let clicks = ClickEvent::decode_batch(message.body).unwrap_or_else(|error| {
            tracing::error!(sequence = message.sequence, %error, "clicks that cannot be read");
            Vec::new()
        });
        self.hand_out(message, &clicks);
    }

    fn skip(&self, message: &Message<'_>) -> bool {
        let mut state = self.state();
        let repeat = message
            .batch
            .map(|batch| state.repeats.is_repeat(message.workspace, batch));
        let is_skipped =
            repeat.unwrap_or(false) || !state.audiences.contains_key(&message.workspace);
        if is_skipped {
            state.position = Some(message.sequence);
        }
        is_skipped
    }

    fn hand_out(&self, message: &Message<'_>, clicks: &[ClickEvent<'_>]) {
        let mut state = self.state();
        state.position = Some(message.sequence);
        let Some(audience) = state.audiences.get_mut(&message.workspace) else {
            return;
        };
        for (index, click) in clicks.iter().enumerate() {
            if !audience.wants(click.data.link_id) {
                continue;
            }
            let cursor = Cursor::Click {
                sequence: message.sequence,
                index,
            };
            match ClickFrame::new(cursor, click) {
                Ok(frame) => audience.tell(click.data.link_id, &frame, &self.metrics),
                Err(error) => tracing::error!(%cursor, %error, "a click that cannot be written"),
            }
        }
    }

    fn leave(&self, place: &Place) {
        let mut state = self.state();
        state.listeners -= 1;
        self.metrics.sockets.dec();
        if let Some(audience) = state.audiences.get_mut(&place.workspace) {
            audience.vacate(place);
            if audience.is_empty() {
                state.audiences.remove(&place.workspace);
            }
        }
    }

    /// A panic elsewhere leaves the state whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// The next click; `None` once so many waited that later ones could not be kept.
    pub(super) async fn next(&mut self) -> Option<ClickFrame> {
        self.frames.recv().await
    }

    /// The next click, if it is there already.
    pub(super) fn next_waiting(&mut self) -> Option<ClickFrame> {
        self.frames.try_recv().ok()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.leave(&self.place);
    }
}

#[cfg(test)]
mod tests;
