//! What the log's tail told of while something was read: what was read before may be old, and isn't kept.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keys share counts; two that do make each other read again, which is harmless.
const COUNTS: usize = 256;

/// How often the tail told of a key, or of one that shares its count.
pub(super) struct Heard {
    counts: [Mutex<u64>; COUNTS],
    hasher: RandomState,
}

/// How often it was when a reading began.
#[derive(Clone, Copy)]
pub(super) struct Mark(u64);

impl Heard {
    pub(super) fn new() -> Self {
        Self {
            counts: std::array::from_fn(|_| Mutex::new(0)),
            hasher: RandomState::new(),
        }
    }

    /// To be taken before the reading.
    pub(super) fn mark(&self, key: &impl Hash) -> Mark {
        self.count(key).map_or(Mark(0), |count| Mark(*count))
    }

    /// Keeps what was read, unless the tail told of its key meanwhile.
    pub(super) fn keep(&self, key: &impl Hash, mark: Mark, keep: impl FnOnce()) {
        // Held while it is kept: the tail may only tell before, and be noticed, or after, and be obeyed.
        if let Some(count) = self.count(key)
            && *count == mark.0
        {
            keep();
        }
    }

    /// The tail told of a key: what is kept of it goes.
    pub(super) fn tell<T>(&self, key: &impl Hash, forget: impl FnOnce() -> T) {
        if let Some(mut count) = self.count(key) {
            *count += 1;
            forget();
        }
    }

    /// The tail may have told of anything.
    pub(super) fn tell_all(&self, forget: impl FnOnce()) {
        for count in &self.counts {
            *lock(count) += 1;
        }
        forget();
    }

    fn count(&self, key: &impl Hash) -> Option<MutexGuard<'_, u64>> {
        let hash = usize::try_from(self.hasher.hash_one(key) % COUNTS as u64).ok()?;
        self.counts.get(hash).map(lock)
    }
}

fn lock(count: &Mutex<u64>) -> MutexGuard<'_, u64> {
    count.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::Heard;
    use std::cell::Cell;

    fn is_kept(meanwhile: impl FnOnce(&Heard)) -> bool {
        let heard = Heard::new();
        let mark = heard.mark(&"a");
        meanwhile(&heard);
        let kept = Cell::new(false);
        heard.keep(&"a", mark, || kept.set(true));
        kept.get()
    }

    #[test]
    fn what_was_read_is_kept_unless_the_tail_told_of_it_meanwhile() {
        assert!(is_kept(|_| {}));
        assert!(!is_kept(|heard| heard.tell(&"a", || {})));
        assert!(!is_kept(|heard| heard.tell_all(|| {})));
    }
}
