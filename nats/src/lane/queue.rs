//! The clicks that wait, packed into messages as they arrive.

use std::collections::{HashMap, VecDeque};

use events::{ClickId, WorkspaceId};
use tokio::sync::watch;

use super::pack::Pack;
use super::promises::Promises;
use super::{Kept, LaneError};
use crate::message::MESSAGE_BYTES_MAX;

/// The most clicks that may wait for their acknowledgement, over all workspaces.
pub const LANE_CLICKS_MAX: usize = 65_536;

/// Becomes the fate of the message; ends without one if the message is given up.
pub(super) type Outcome = watch::Receiver<Option<Fate>>;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Kept(Kept),
    Dropped,
    /// Not known in time; nobody waits for what is.
    Late,
}

/// The clicks of one workspace that go out together, and those who wait for them.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) workspace: WorkspaceId,
    pub(super) pack: Pack,
    pub(super) outcome: watch::Sender<Option<Fate>>,
}

/// What became of a click that was added.
pub(super) struct Added {
    pub(super) outcome: Outcome,
    /// Whether the worker waits for just this one.
    pub(super) completes: bool,
}

/// As [`Added`], of several clicks: an outcome for each message that holds some.
pub(super) struct AddedAll {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) completes: bool,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    /// No workspace is here without a message.
    waiting: HashMap<WorkspaceId, VecDeque<Packed>>,
    /// Each workspace that has messages, once: who was served goes to the end.
    turns: VecDeque<WorkspaceId>,
    promises: Promises,
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
        if !self.has_room(1) {
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
            last.pack.push(json);
            last.outcome.subscribe()
        } else {
            let message = Packed::promised(&mut self.promises, workspace, id, json);
            let outcome = message.outcome.subscribe();
            messages.push_back(message);
            outcome
        };
        Ok(Added { outcome, completes })
    }

    /// As [`Queue::add`], of clicks for which there is room, each small enough for a message.
    pub(super) fn add_all<'j>(
        &mut self,
        workspace: WorkspaceId,
        clicks: impl Iterator<Item = (ClickId, &'j [u8])>,
    ) -> Result<AddedAll, LaneError> {
        if self.is_closed {
            return Err(LaneError::Closed);
        }
        let lacks = |it: &Self| it.clicks_waiting < it.quorum.max(1);
        let (lacked, mut outcomes) = (lacks(self), Vec::new());
        for (id, json) in clicks {
            self.clicks += 1;
            self.clicks_waiting += 1;
            let messages = self.waiting.entry(workspace).or_default();
            if messages.is_empty() {
                self.turns.push_back(workspace);
            }
            if let Some(last) = messages.back_mut().filter(|last| last.has_room(json)) {
                last.pack.push(json);
                if outcomes.is_empty() {
                    outcomes.push(last.outcome.subscribe());
                }
            } else {
                let message = Packed::promised(&mut self.promises, workspace, id, json);
                outcomes.push(message.outcome.subscribe());
                messages.push_back(message);
            }
        }
        Ok(AddedAll {
            outcomes,
            completes: lacked && !lacks(self),
        })
    }

    /// Tells those whose clicks are not kept in time.
    pub(super) fn tell_late(&mut self) {
        self.promises.tell_late();
    }

    /// The next message of each workspace, of those whose turn it is; once it has so many bytes, no more.
    pub(super) fn next_round(&mut self, messages_max: usize, bytes_max: usize) -> Vec<Packed> {
        let (mut round, mut bytes) = (Vec::new(), 0);
        for _ in 0..self.turns.len().min(messages_max) {
            if bytes >= bytes_max {
                break;
            }
            let Some(workspace) = self.turns.pop_front() else {
                break;
            };
            let Some(messages) = self.waiting.get_mut(&workspace) else {
                continue;
            };
            if let Some(message) = messages.pop_front() {
                self.clicks_waiting -= message.pack.clicks;
                bytes += message.pack.bytes();
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

    /// Whether so many more may wait.
    pub(super) fn has_room(&self, clicks: usize) -> bool {
        self.clicks + clicks <= LANE_CLICKS_MAX
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
        self.promises.clear();
        self.clicks_waiting = 0;
        std::mem::take(&mut self.clicks)
    }
}

impl Packed {
    /// Nobody joins a message whose callers were told that it is late: who comes now waits as long as they did.
    fn has_room(&self, json: &[u8]) -> bool {
        self.pack.has_room(json) && self.outcome.borrow().is_none()
    }

    /// A message that begins with this click, and whose callers will be told in time.
    fn promised(promises: &mut Promises, workspace: WorkspaceId, id: ClickId, json: &[u8]) -> Self {
        let outcome = watch::Sender::new(None);
        promises.make(&outcome);
        Self {
            workspace,
            pack: Pack::new(id, json),
            outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn several_clicks_wait_as_if_they_had_come_one_by_one() {
        let workspace = WorkspaceId::new(Uuid::nil());
        let clicks: Vec<_> = (0..2_500_u128)
            .map(|it| {
                (
                    ClickId::new(Uuid::from_u128(it)),
                    vec![b'x'; 2 + it as usize % 700],
                )
            })
            .collect();
        let (mut one_by_one, mut at_once) = (Queue::default(), Queue::default());
        one_by_one.await_quorum(1_700);
        at_once.await_quorum(1_700);
        let (first, rest) = clicks.split_at(10);
        let (rest, last) = rest.split_at(2_000);
        let mut woken = [0; 2];
        for (id, json) in &clicks {
            let added = one_by_one.add(workspace, *id, json).unwrap();
            woken[0] += usize::from(added.completes);
        }
        for part in [first, &[], rest, last] {
            let part = part.iter().map(|(id, json)| (*id, json.as_slice()));
            let added = at_once.add_all(workspace, part).unwrap();
            woken[1] += usize::from(added.completes);
        }
        assert_eq!(woken, [1, 1]);
        let counts = |it: &Queue| (it.clicks, it.clicks_waiting);
        assert_eq!(counts(&one_by_one), counts(&at_once));
        loop {
            let (one, other) = (
                one_by_one.next_round(9, usize::MAX),
                at_once.next_round(9, usize::MAX),
            );
            assert_eq!(one.len(), other.len());
            if one.is_empty() {
                break;
            }
            for (one, other) in one.into_iter().zip(other) {
                assert_eq!(
                    (one.pack.id, one.pack.clicks),
                    (other.pack.id, other.pack.clicks)
                );
                assert_eq!(one.pack.finish(), other.pack.finish());
            }
        }
    }

    #[test]
    fn there_is_an_outcome_for_each_message_that_holds_some_of_several_clicks() {
        let (mut queue, workspace) = (Queue::default(), WorkspaceId::new(Uuid::nil()));
        let add = |queue: &mut Queue, count: usize| {
            let clicks = (0..count).map(|_| (ClickId::new(Uuid::nil()), b"{}".as_slice()));
            queue.add_all(workspace, clicks).unwrap().outcomes
        };
        assert!(add(&mut queue, 0).is_empty());
        assert!(queue.next_round(9, usize::MAX).is_empty(), "nobody waits");
        let (first, second) = (add(&mut queue, 900), add(&mut queue, 200));
        assert_eq!((first.len(), second.len()), (1, 2));
        assert!(second[0].same_channel(&first[0]) && !second[1].same_channel(&first[0]));
        queue.close();
        let refused = queue.add_all(workspace, std::iter::empty());
        assert!(matches!(refused, Err(LaneError::Closed)));
    }

    #[test]
    fn a_round_has_as_much_as_goes_in_and_the_others_come_next() {
        let mut queue = Queue::default();
        let workspaces = [1, 2, 3].map(|it| WorkspaceId::new(Uuid::from_u128(it)));
        for workspace in workspaces {
            // Two messages each, of which the first is full.
            let clicks = (0..1_500).map(|_| (ClickId::new(Uuid::nil()), [b'x'; 99].as_slice()));
            queue.add_all(workspace, clicks).unwrap();
        }
        let mut round = |messages_max, bytes_max| -> Vec<_> {
            let round = queue.next_round(messages_max, bytes_max).into_iter();
            round.map(|it| (it.workspace, it.pack.clicks)).collect()
        };
        let [one, two, three] = workspaces;
        assert_eq!(round(9, 100_001), [(one, 1_000), (two, 1_000)]);
        assert_eq!(round(9, 1), [(three, 1_000)]);
        assert_eq!(round(1, usize::MAX), [(one, 500)]);
        assert_eq!(round(9, usize::MAX), [(two, 500), (three, 500)]);
        assert!(round(9, usize::MAX).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_when_a_message_is_late_waits_for_the_next_one() {
        let mut queue = Queue::default();
        let (workspace, id) = (WorkspaceId::new(Uuid::nil()), ClickId::new(Uuid::nil()));
        let add = |queue: &mut Queue| queue.add(workspace, id, b"{}").unwrap().outcome;
        let (first, second) = (add(&mut queue), add(&mut queue));
        advance(Duration::from_mins(1)).await;
        queue.tell_late();
        let third = add(&mut queue);
        assert!(first.same_channel(&second) && !second.same_channel(&third));
        assert_eq!(*second.borrow(), Some(Fate::Late));
        assert_eq!(*third.borrow(), None);
    }
}
