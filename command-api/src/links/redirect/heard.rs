//! What the log's tail told of while something was read: what was read before may be old, and isn't kept.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keys share counts; two that do make each other look again, which is harmless.
const COUNTS: usize = 1_024;

/// How often the tail told of a key, or of one that shares its count.
pub(super) struct Heard {
    counts: Box<[Count]>,
    hasher: RandomState,
}

#[derive(Default)]
struct Count {
    told: AtomicU64,
    /// Held while it changes, and while something is kept or forgotten.
    turn: Mutex<()>,
}

/// How often it was when a reading began.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    count: usize,
    told: u64,
}

impl Heard {
    pub(super) fn new() -> Self {
        Self {
            counts: (0..COUNTS).map(|_| Count::default()).collect(),
            hasher: RandomState::new(),
        }
    }

    /// To be taken before the reading.
    pub(super) fn mark(&self, key: &impl Hash) -> Mark {
        let count = self.place(key);
        let told = self.counts.get(count).map_or(0, |count| {
            let _turn = count.turn();
            count.told()
        });
        Mark { count, told }
    }

    /// Whether the tail told of nothing since: what was read then is true now.
    pub(super) fn is_current(&self, mark: Mark) -> bool {
        let count = self.counts.get(mark.count);
        count.is_some_and(|it| it.told() == mark.told)
    }

    /// Keeps what was read, unless the tail told of its key meanwhile.
    pub(super) fn keep(&self, mark: Mark, keep: impl FnOnce()) {
        // Held while it is kept: the tail may only tell before, and be noticed, or after, and be obeyed.
        let Some(count) = self.counts.get(mark.count) else {
            return;
        };
        let _turn = count.turn();
        if count.told() == mark.told {
            keep();
        }
    }

    /// The tail told of a key: what is kept of it goes.
    pub(super) fn tell<T>(&self, key: &impl Hash, forget: impl FnOnce() -> T) {
        if let Some(count) = self.counts.get(self.place(key)) {
            let _turn = count.turn();
            count.tell();
            forget();
        }
    }

    /// The tail may have told of anything.
    pub(super) fn tell_all(&self, forget: impl FnOnce()) {
        // Until all is forgotten nobody begins to read, and keeps for true what they found here.
        let turns: Vec<_> = self.counts.iter().map(Count::turn).collect();
        self.counts.iter().for_each(Count::tell);
        forget();
        drop(turns);
    }

    fn place(&self, key: &impl Hash) -> usize {
        let place = self.hasher.hash_one(key) % COUNTS as u64;
        usize::try_from(place).unwrap_or_default()
    }
}

impl Count {
    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self) -> u64 {
        self.told.load(Ordering::Acquire)
    }

    fn tell(&self) {
        self.told.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::Heard;
    use std::cell::Cell;
    use std::sync::{Arc, mpsc};
    use std::thread;
    use std::time::Duration;

    fn is_kept(meanwhile: impl FnOnce(&Heard)) -> bool {
        let heard = Heard::new();
        let mark = heard.mark(&"a");
        meanwhile(&heard);
        let kept = Cell::new(false);
        heard.keep(mark, || kept.set(true));
        kept.get()
    }

    #[test]
    fn what_was_read_is_current_until_the_tail_tells_of_it() {
        let heard = Heard::new();
        let mark = heard.mark(&"a");
        assert!(heard.is_current(mark));
        heard.tell(&"a", || {});
        assert!(!heard.is_current(mark));
        let mark = heard.mark(&"a");
        heard.tell_all(|| {});
        assert!(!heard.is_current(mark));
    }

    #[test]
    fn nobody_begins_to_read_while_all_is_forgotten() {
        let heard = Arc::new(Heard::new());
        let (send, marked) = mpsc::channel();
        let reader = Arc::clone(&heard);
        heard.tell_all(|| {
            thread::spawn(move || send.send(reader.mark(&"a")));
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
