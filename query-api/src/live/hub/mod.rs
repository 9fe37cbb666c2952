//! Who listens to what, and the handing out of clicks.

mod audience;
mod line;
mod metrics;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use events::{LinkId, Timestamp, WorkspaceId};

use self::audience::{Audience, Place};
use self::line::{Line, Receiver};
pub(super) use self::metrics::LiveMetrics;
use super::cursor::Cursor;
use super::message::Message;
use super::repeats::{Repeats, Verdict};
use super::told::{Frames, Told};

/// Subscriptions of one process; some 10 KB each, and up to 16 KiB more once clicks have come.
const LISTENERS_MAX: usize = 20_000;
/// Those of one workspace.
const LISTENERS_OF_WORKSPACE_MAX: usize = 1_000;

/// Nobody can be let in.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum JoinError {
    #[error("the log is not followed yet")]
    NotFollowing,
    #[error("{LISTENERS_MAX} subscriptions are open already")]
    Full,
    #[error("the workspace has {LISTENERS_OF_WORKSPACE_MAX} subscriptions already")]
    WorkspaceFull,
}

/// A message that may have come before the tail began: it is passed on once the log has been asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    /// Its like can only have been stored since then.
    pub(super) since: Timestamp,
}

/// The meeting place of the tail and the sockets.
#[derive(Default)]
pub(super) struct Hub {
    state: Mutex<State>,
    metrics: LiveMetrics,
}

#[derive(Default)]
struct State {
    /// Behind the last message that was handed out or skipped; none before the tail has begun.
    position: Option<Cursor>,
    repeats: Repeats,
    audiences: HashMap<WorkspaceId, Audience>,
    listeners: usize,
    of_workspace: HashMap<WorkspaceId, usize>,
    next_listener: u64,
}

/// One listener's end; leaves the hub when dropped.
pub(super) struct Subscription {
    /// Every click after this one comes.
    pub(super) start: Cursor,
    frames: Receiver,
    place: Place,
    hub: Arc<Hub>,
}

impl Hub {
    pub(super) const fn metrics(&self) -> &LiveMetrics {
        &self.metrics
    }

    /// The tail begins behind `position`, knowing `repeats`.
    ///
    /// Whoever listened to an earlier tail is cut off, since there may be a gap between the two.
    pub(super) fn begin(&self, position: Cursor, repeats: Repeats) {
        let mut state = self.state();
        state.position = Some(position);
        state.repeats = repeats;
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
        let start = state.position.ok_or(JoinError::NotFollowing)?;
        if state.listeners >= LISTENERS_MAX {
            return Err(JoinError::Full);
        }
        let of_workspace = state.of_workspace.entry(workspace).or_default();
        if *of_workspace >= LISTENERS_OF_WORKSPACE_MAX {
            return Err(JoinError::WorkspaceFull);
        }
        *of_workspace += 1;
        state.listeners += 1;
        let place = Place {
            workspace,
            link,
            listener: state.next_listener,
        };
        state.next_listener += 1;
        self.metrics.sockets.inc();
        Ok(Subscription {
            start,
            frames: state.seat(&place),
            place,
            hub: Arc::clone(self),
        })
    }

    /// Hands a message's clicks to those who listen; if nobody does, it isn't even decoded.
    ///
    /// A message that came again is passed over; one that may have is left, and must be [settled](Hub::settle).
    pub(super) fn deliver(&self, message: &Message<'_>) -> Result<(), Doubt> {
        let mut state = self.state();
        let verdict = message.judge(&mut state.repeats);
        let is_heard = state.audiences.contains_key(&message.workspace);
        match verdict {
            Verdict::New if is_heard => {
                drop(state);
                self.hand_out(message);
            }
            Verdict::Doubtful { since } if is_heard => return Err(Doubt { since }),
            // Without a mark, what is doubtful will be doubtful again.
            Verdict::New | Verdict::Repeat | Verdict::Doubtful { .. } => {
                state.pass(message.sequence);
            }
        }
        Ok(())
    }

    /// Hands a doubtful message's clicks out, unless the producer has had its number before.
    pub(super) fn settle(&self, message: &Message<'_>, largest: Option<u64>) {
        let mut state = self.state();
        if message.settle(&mut state.repeats, largest) {
            state.pass(message.sequence);
        } else {
            drop(state);
            self.hand_out(message);
        }
    }

    fn hand_out(&self, message: &Message<'_>) {
        let clicks = message.clicks();
        let mut state = self.state();
        let Some(position) = state.pass(message.sequence) else {
            return;
        };
        let Some(audience) = state.audiences.get_mut(&message.workspace) else {
            return;
        };
        let clicks = clicks.iter().enumerate();
        let wanted = clicks.filter(|(_, click)| audience.wants(click.data.link_id));
        let written = wanted.filter_map(|(index, click)| {
            let cursor = Cursor::at(position.log, message.sequence, index);
            Some((click.data.link_id, Told::click(cursor, click)?))
        });
        audience.tell(written.collect(), &self.metrics);
    }

    fn leave(&self, place: &Place) {
        let mut state = self.state();
        state.listeners -= 1;
        self.metrics.sockets.dec();
        if let Some(count) = state.of_workspace.get_mut(&place.workspace) {
            *count -= 1;
            if *count == 0 {
                state.of_workspace.remove(&place.workspace);
            }
        }
        state.vacate(place);
    }

    /// A panic elsewhere leaves the state whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Where the tail is now; `None` before it has begun.
    fn pass(&mut self, sequence: u64) -> Option<Cursor> {
        let position = self.position.as_mut()?;
        *position = Cursor::behind(position.log, sequence);
        Some(*position)
    }

    fn seat(&mut self, place: &Place) -> Receiver {
        let (line, receiver) = Line::new();
        let audience = self.audiences.entry(place.workspace).or_default();
        audience.seat(place, line);
        receiver
    }

    fn vacate(&mut self, place: &Place) {
        if let Some(audience) = self.audiences.get_mut(&place.workspace) {
            audience.vacate(place);
            if audience.is_empty() {
                self.audiences.remove(&place.workspace);
            }
        }
    }
}

impl Subscription {
    /// The clicks that wait; `None` once so many waited that later ones could not be kept.
    ///
    /// A call that is given up has taken nothing.
    pub(super) async fn next(&mut self) -> Option<Vec<Frames>> {
        self.frames.next().await
    }

    /// The workspace, and the one link of it, if it is one.
    pub(super) const fn listens_to(&self) -> (WorkspaceId, Option<LinkId>) {
        (self.place.workspace, self.place.link)
    }

    /// Whether clicks got lost because nobody took those before them.
    pub(super) fn is_cut_off(&self) -> bool {
        self.frames.is_cut_off()
    }

    /// Forgets the clicks that wait, and listens again from now on.
    pub(super) fn again(&mut self) -> Result<(), JoinError> {
        let mut state = self.hub.state();
        self.start = state.position.ok_or(JoinError::NotFollowing)?;
        state.vacate(&self.place);
        self.frames = state.seat(&self.place);
        Ok(())
    }

    /// Where the hub is, if nothing waits and nothing got lost: who has taken all has seen all up to there.
    pub(super) fn position(&self) -> Option<Cursor> {
        // Nothing is handed out while the state is held.
        let state = self.hub.state();
        let has_all = self.frames.is_empty() && !self.frames.is_cut_off();
        state.position.filter(|_| has_all)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.leave(&self.place);
    }
}

#[cfg(test)]
pub(super) mod tests;
