//! Many who open links at once, and what they were answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures::{StreamExt, stream};

use super::{Link, Visitor};
use crate::eventually::eventually;

/// More visitors than come while anything here happens.
const VISITORS_MAX: usize = 1_000_000;

/// Visitors who open some links in turn.
pub(crate) struct Crowd<'a> {
    visitor: Visitor,
    links: &'a [Link],
    at_once: usize,
    led: AtomicU64,
}

/// By the id of the link.
pub(crate) type Tallies = BTreeMap<String, Tally>;

/// What the visitors of one link were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// How often it was opened.
    pub(crate) asked: u64,
    /// How often it led on.
    pub(crate) led: u64,
}

impl<'a> Crowd<'a> {
    pub(crate) const fn new(visitor: Visitor, links: &'a [Link], at_once: usize) -> Self {
        Self {
            visitor,
            links,
            at_once,
            led: AtomicU64::new(0),
        }
    }

    /// Opens the links in turn, so many times in all; answers the tally of each, by its id.
    pub(crate) async fn opens(&self, times: usize) -> Tallies {
        self.opens_while(times, || true).await
    }

    /// Opens the links in turn while something else happens.
    pub(crate) async fn opens_during<T>(&self, happening: impl Future<Output = T>) -> (Tallies, T) {
        let is_over = AtomicBool::new(false);
        let watched = async {
            let done = happening.await;
            is_over.store(true, Ordering::Relaxed);
            done
        };
        let goes_on = || !is_over.load(Ordering::Relaxed);
        tokio::join!(self.opens_while(VISITORS_MAX, goes_on), watched)
    }

    async fn opens_while(
        &self,
        times_max: usize,
        goes_on: impl Fn() -> bool + Send + Sync,
    ) -> Tallies {
        let turns = self.links.iter().cycle().take(times_max);
        let opened = stream::iter(turns.take_while(|_| goes_on()))
            .map(async |link| (link, self.open(link).await))
            .buffer_unordered(self.at_once);
        let tallies = Tallies::new();
        opened
            .fold(tallies, async |mut tallies, (link, has_led)| {
                let tally = tallies.entry(link.id.clone()).or_default();
                tally.asked += 1;
                tally.led += u64::from(has_led);
                tallies
            })
            .await
    }

    /// Whether the link led on; if not, the system must have said so, or have gone away.
    async fn open(&self, link: &Link) -> bool {
        let Some(answer) = self.visitor.tries_to_open(link).await else {
            return false;
        };
        let has_led = answer.status == 302;
        if has_led {
            self.led.fetch_add(1, Ordering::Relaxed);
        } else {
            answer.refuses(503, "unavailable");
        }
        has_led
    }

    /// How many visitors were led on so far.
    pub(crate) fn led(&self) -> u64 {
        self.led.load(Ordering::Relaxed)
    }

    /// Waits until so many more visitors were led on.
    pub(crate) async fn has_led_more(&self, more: u64) {
        let goal = self.led() + more;
        eventually(
            &format!("{goal} visitors were led on"),
            async || match self.led() {
                led if led >= goal => Ok(()),
                led => Err(led),
            },
        )
        .await;
    }
}
