//! Telling a message that came again from a new one.

use std::collections::HashMap;

use events::WorkspaceId;
use uuid::Uuid;

/// A repeat follows soon after the first, so marks that nobody touched for so many others may go.
const MARKS_MAX: usize = 65_536;

/// Which message of a producer it is: a repeat has the number of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) producer: Uuid,
    pub(super) number: u64,
}

type Marks = HashMap<(Uuid, WorkspaceId), u64>;

/// The last number of each producer and workspace.
///
/// In two generations: when the younger is full, the older is forgotten.
#[derive(Default)]
pub(super) struct Repeats {
    young: Marks,
    old: Marks,
}

impl Repeats {
    /// Whether the message has come before; remembers it if not.
    pub(super) fn is_repeat(&mut self, workspace: WorkspaceId, batch: Batch) -> bool {
        let key = (batch.producer, workspace);
        let last = self.young.get(&key).or_else(|| self.old.get(&key)).copied();
        if last.is_some_and(|last| batch.number <= last) {
            return true;
        }
        if self.young.len() >= MARKS_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, batch.number);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn batch(producer: u128, number: u64) -> Batch {
        Batch {
            producer: Uuid::from_u128(producer),
            number,
        }
    }

    #[test]
    fn a_number_that_does_not_grow_is_a_repeat_in_its_workspace_and_producer_only() {
        let [here, there] = [1, 2].map(|id| WorkspaceId::new(Uuid::from_u128(id)));
        let mut repeats = Repeats::default();
        assert!(!repeats.is_repeat(here, batch(1, 7)));
        assert!(repeats.is_repeat(here, batch(1, 7)));
        assert!(repeats.is_repeat(here, batch(1, 6)));
        assert!(!repeats.is_repeat(here, batch(1, 9)));
        assert!(!repeats.is_repeat(there, batch(1, 7)));
        assert!(!repeats.is_repeat(here, batch(2, 7)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let workspace = WorkspaceId::new(Uuid::from_u128(1));
        let mut repeats = Repeats::default();
        for producer in 0..3 * MARKS_MAX as u128 {
            assert!(!repeats.is_repeat(workspace, batch(producer, 1)));
        }
        assert!(repeats.young.len() + repeats.old.len() <= 2 * MARKS_MAX);
        assert!(repeats.is_repeat(workspace, batch(3 * MARKS_MAX as u128 - 1, 1)));
    }
}
