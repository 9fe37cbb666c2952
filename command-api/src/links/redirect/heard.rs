//! What the log's tail told of: what was read before may be old, and isn't kept; what was read since is true.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many can keep and forget at once.
const TURNS: usize = 256;

/// How often the tail told of a key, or of one that shares its count.
pub(super) struct Heard {
    told: Box<[AtomicU64]>,
    /// Held while a count changes, and while something is kept or forgotten; each for many counts.
    turns: [Mutex<()>; TURNS],
    hasher: RandomState,
}

/// How often it was when a reading began.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    count: usize,
    told: u64,
}

impl Heard {
    /// Keys share so many counts; two that share one make each other look again, which is harmless.
    pub(super) fn with_counts(counts: usize) -> Self {
        Self {
            told: (0..counts.max(1)).map(|_| AtomicU64::new(0)).collect(),
            turns: std::array::from_fn(|_| Mutex::new(())),
            hasher: RandomState::new(),
        }
    }

    /// To be taken before the reading.
    pub(super) fn mark(&self, key: &impl Hash) -> Mark {
        let count = self.count(key);
        let _turn = self.turn(count);
        Mark {
            count,
            told: self.told(count).unwrap_or_default(),
        }
    }

    /// Whether the tail told of nothing since: what was read then is true now.
    pub(super) fn is_current(&self, mark: Mark) -> bool {
        self.told(mark.count) == Some(mark.told)
    }

    /// Keeps what was read, unless the tail told of its key meanwhile.
    pub(super) fn keep(&self, mark: Mark, keep: impl FnOnce()) {
        // Held while it is kept: the tail may only tell before, and be noticed, or after, and be obeyed.
        let _turn = self.turn(mark.count);
        if self.is_current(mark) {
            keep();
        }
    }

    /// The tail told of a key: what is kept of it goes.
    pub(super) fn tell<T>(&self, key: &impl Hash, forget: impl FnOnce() -> T) {
        let count = self.count(key);
        let _turn = self.turn(count);
        if let Some(told) = self.told.get(count) {
            told.fetch_add(1, Ordering::AcqRel);
        }
        forget();
    }

    /// The tail may have told of anything.
    pub(super) fn tell_all(&self, forget: impl FnOnce()) {
        // Until all is forgotten nobody begins to read, and keeps for true what they found here.
        let turns: Vec<_> = self.turns.iter().map(lock).collect();
        for told in &self.told {
            told.fetch_add(1, Ordering::AcqRel);
        }
        forget();
        drop(turns);
    }

    fn count(&self, key: &impl Hash) -> usize {
        let counts = self.told.len() as u64;
        usize::try_from(self.hasher.hash_one(key) % counts).unwrap_or_default()
    }

    fn told(&self, count: usize) -> Option<u64> {
        let told = self.told.get(count)?;
        Some(told.load(Ordering::Acquire))
    }

    fn turn(&self, count: usize) -> Option<MutexGuard<'_, ()>> {
        self.turns.get(count % TURNS).map(lock)
    }
}

fn lock(turn: &Mutex<()>) -> MutexGuard<'_, ()> {
    turn.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::Heard;
    use std::cell::Cell;
    use std::sync::{Arc, mpsc};
    use std::thread;
    use std::time::Duration;

    fn is_kept(meanwhile: impl FnOnce(&Heard)) -> bool {
        let heard = Heard::with_counts(4);
        let mark = heard.mark(&"a");
        meanwhile(&heard);
        let kept = Cell::new(false);
        heard.keep(mark, || kept.set(true));
        kept.get()
    }

    #[test]
    fn what_was_read_is_current_until_the_tail_tells_of_it() {
        let heard = Heard::with_counts(4);
        let mark = heard.mark(&"a");
        assert!(heard.is_current(mark));
        heard.tell(&"a", || {});
        assert!(!heard.is_current(mark));
        let mark = heard.mark(&"a");
        heard.tell_all(|| {});
        assert!(!heard.is_current(mark));
    }

    #[test]
    fn who_shares_a_count_looks_again() {
        let heard = Heard::with_counts(1);
        let mark = heard.mark(&"a");
        heard.tell(&"b", || {});
        assert!(!heard.is_current(mark));
    }

    #[test]
    fn nobody_begins_to_read_while_all_is_forgotten() {
        let heard = Arc::new(Heard::with_counts(4));
        let (send, marked) = mpsc::channel();
        let (begin, begun) = mpsc::channel();
        let reader = Arc::clone(&heard);
        heard.tell_all(|| {
            thread::spawn(move || {
                begin.send(()).unwrap();
                send.send(reader.mark(&"a")).unwrap();
            });
            begun.recv().unwrap();
            let early = marked.recv_timeout(Duration::from_millis(50));
            assert!(early.is_err(), "marked while much was there");
        });
        assert!(heard.is_current(marked.recv().unwrap()));
    }

    #[test]
    fn what_was_read_is_kept_unless_the_tail_told_of_it_meanwhile() {
        assert!(is_kept(|_| {}));
        assert!(!is_kept(|heard| heard.tell(&"a", || {})));
        assert!(!is_kept(|heard| heard.tell_all(|| {})));
    }
}
