//! How often a link was opened in all, told when it changes.

use std::sync::Arc;
use std::time::Duration;

use events::{LinkId, Position, StreamName};
use futures::FutureExt;
use futures::future::BoxFuture;
use service::caller::Caller;
use service::headers::MinPosition;
use service::problem::Problem;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

use super::cursor::Cursor;
use super::end::End;
use super::frame::Frame;
use super::hub::Subscription;
use super::told::{Frames, Told};
use super::words::Words;
use crate::app::App;
use crate::links::click_count::totals::{self, AllTime};
use crate::progress::Projection;

/// Between two counts for one subscriber.
const PAUSE: Duration = Duration::from_secs(1);
/// Counts at once: questions come first.
const COUNTS_MAX: usize = 2;

/// Leave to count, for all subscribers together. Cheap to clone.
#[derive(Clone)]
pub(super) struct Counts(Arc<Semaphore>);

/// Counts one link for one caller, over and over.
#[derive(Clone)]
pub(super) struct Count {
    pub(super) app: App,
    pub(super) caller: Caller,
    pub(super) link: LinkId,
}

/// A count, and whether the read model had come as far as it should.
type Counted = (AllTime, bool);

/// The totals of one link. The clicks that happen tell when to count again, so an idle link costs no query.
pub(super) struct Totals {
    subscription: Subscription,
    count: Count,
    told: Option<AllTime>,
    /// The count must have taken this in; `None` if it has.
    wanted: Option<u64>,
    next_at: Instant,
    counting: Option<BoxFuture<'static, Result<Counted, Problem>>>,
}

impl Default for Counts {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(COUNTS_MAX)))
    }
}

impl Count {
    /// Waits a while until the read model has taken in the message `wanted`.
    async fn count(self, wanted: u64) -> Result<Counted, Problem> {
        let position = Position {
            stream: StreamName::Clicks,
            sequence: wanted,
        };
        let progress = &self.app.progress;
        let reached = progress
            .reach(&MinPosition(vec![position]), &[Projection::ClickCount])
            .await;
        let _leave = self.app.live.counts.0.acquire().await;
        let mut read = self.app.databases.links.of(&self.caller).await?;
        let totals = totals::all_time(&mut read, self.caller.workspace, self.link).await?;
        Ok((totals, reached.is_ok()))
    }
}

impl Totals {
    pub(super) fn new(subscription: Subscription, count: Count) -> Self {
        Self {
            subscription,
            // At first whatever is there, at once.
            wanted: Some(0),
            count,
            told: None,
            next_at: Instant::now(),
            counting: None,
        }
    }

    /// Waits for a click; `None` if there are none to be had any more.
    async fn click(&mut self) -> Option<u64> {
        match self.subscription.next().await {
            Some(frames) => Some(frames.last()?.cursor()?.sequence),
            // So many that they were not kept, which makes no difference here.
            None => self.listen_again(),
        }
    }

    fn listen_again(&mut self) -> Option<u64> {
        self.subscription.again().ok()?;
        Some(self.subscription.start.sequence)
    }

    /// Takes in a count; what is to be told of it, if anything.
    fn take(&mut self, wanted: u64, counted: Result<Counted, Problem>) -> Option<Told> {
        self.next_at = Instant::now() + PAUSE;
        // While Postgres is away, or behind, it is asked again.
        let (totals, has_all) = counted.ok()?;
        let next = if has_all {
            // What came before the subscription may not have been counted at first.
            self.subscription.start.sequence
        } else {
            wanted
        };
        self.wanted = (!has_all || next > wanted).then_some(next);
        if self.told == Some(totals) {
            return None;
        }
        self.told = Some(totals);
        let AllTime { clicks, bots } = totals;
        Told::of(&Frame::Totals { clicks, bots }, None)
    }
}

impl Words for Totals {
    async fn next(&mut self) -> Option<Vec<Frames>> {
        loop {
            let Some(wanted) = self.wanted else {
                self.wanted = Some(self.click().await?);
                continue;
            };
            sleep_until(self.next_at).await;
            let count = &self.count;
            let counting = self
                .counting
                .get_or_insert_with(|| count.clone().count(wanted).boxed());
            let counted = counting.await;
            self.counting = None;
            if let Some(told) = self.take(wanted, counted) {
                return Some(vec![Frames::new(vec![told])]);
            }
        }
    }

    fn cursor(&self) -> Option<Cursor> {
        None
    }

    fn moved(&mut self) -> Option<Cursor> {
        None
    }

    fn end(&self) -> End {
        End::Stopping(None)
    }
}
