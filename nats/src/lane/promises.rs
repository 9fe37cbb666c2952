//! Until when callers wait: one clock a message, since one of each caller's own would cost every click.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::queue::Fate;

/// How long a caller waits for its click, give or take a look: longer than the broker is waited for and a disk takes
/// to sync.
const KEPT_WITHIN: Duration = Duration::from_secs(5);

/// Messages whose fate is not known yet, the oldest first; and some whose fate is.
#[derive(Debug, Default)]
pub(super) struct Promises(VecDeque<(Instant, watch::Sender<Option<Fate>>)>);

impl Promises {
    /// From now on a message's callers wait.
    pub(super) fn make(&mut self, outcome: &watch::Sender<Option<Fate>>) {
        while self
            .0
            .pop_front_if(|(_, it)| it.borrow().is_some())
            .is_some()
        {}
        let until = Instant::now() + KEPT_WITHIN;
        self.0.push_back((until, outcome.clone()));
    }

    /// Tells those who have waited long enough; what becomes of their clicks nobody hears any more.
    pub(super) fn tell_late(&mut self) {
        let now = Instant::now();
        while let Some((_, outcome)) = self.0.pop_front_if(|(until, _)| *until <= now) {
            outcome.send_if_modified(|fate| {
                let is_late = fate.is_none();
                fate.get_or_insert(Fate::Late);
                is_late
            });
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;
    use crate::lane::Kept;

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_is_told_and_nobody_else() {
        let mut promises = Promises::default();
        let [kept, late, young] = [(); 3].map(|()| watch::Sender::new(None));
        promises.make(&kept);
        promises.make(&late);
        kept.send_replace(Some(Fate::Kept(Kept::InSpool)));
        advance(KEPT_WITHIN / 2).await;
        promises.make(&young);
        promises.tell_late();
        assert_eq!(*late.borrow(), None);
        advance(KEPT_WITHIN / 2).await;
        promises.tell_late();
        assert_eq!(*kept.borrow(), Some(Fate::Kept(Kept::InSpool)));
        assert_eq!(*late.borrow(), Some(Fate::Late));
        assert_eq!(*young.borrow(), None);
        assert_eq!(promises.0.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_settled_is_not_held_on_to() {
        let mut promises = Promises::default();
        for _ in 0..1_000 {
            let outcome = watch::Sender::new(None);
            promises.make(&outcome);
            outcome.send_replace(Some(Fate::Dropped));
        }
        assert_eq!(promises.0.len(), 1);
    }
}
