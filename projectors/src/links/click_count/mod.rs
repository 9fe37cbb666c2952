//! Clicks: each as it came, and counted by link, workspace, time, and what they can be told apart by.

mod binary_copy;
mod breath;
mod click;
mod count;
mod day;
mod exclusion;
mod insert;
mod message;
mod partition;
mod placed;
mod producer;
mod raw;
mod sketches;
mod tally;
#[cfg(test)]
mod tests;
mod write;

use events::{Context, DecodeError, StreamName};
use nats::StoredMessage;
use sqlx::PgConnection;
use time::Date;
use tokio::time::{Duration, Instant};

use self::exclusion::Excluded;
use self::message::{ClickMessage, OfClicks};
use crate::projection::{ApplyError, Projection, Steps};

/// How often months are made ahead, and those that need not be kept are dropped.
const SWEEP_INTERVAL: Duration = Duration::from_hours(1);

/// Keeps `click_record`, `click_count`, `click_count_quarter`, `click_count_value`, `click_count_producer` and
/// `click_exclusion`.
#[derive(Default)]
pub(crate) struct ClickCount {
    swept_at: Option<Instant>,
    /// The day, as the log tells it, on which producers that are gone were last forgotten.
    forgot_on: Option<Date>,
    retention: Option<Duration>,
    steps: Steps,
}

impl ClickCount {
    /// Raw clicks are kept for so long; for ever without.
    pub(crate) fn keeping(retention: Option<Duration>) -> Self {
        Self {
            retention,
            ..Self::default()
        }
    }

    /// Makes months ahead and drops those that need not be kept, now and then.
    ///
    /// At the end of a batch, since nobody can read clicks between a drop and the commit.
    async fn sweep(
        &mut self,
        tx: &mut PgConnection,
        batch: &[OfClicks<'_>],
    ) -> Result<(), sqlx::Error> {
        if self
            .swept_at
            .is_some_and(|at| at.elapsed() < SWEEP_INTERVAL)
        {
            return Ok(());
        }
        let Some(reached) = batch.iter().map(OfClicks::stored_at).min() else {
            return Ok(());
        };
        partition::make_ahead(tx, reached).await?;
        if let Some(retention) = self.retention {
            partition::drop_older(tx, reached, retention).await?;
        }
        self.swept_at = Some(Instant::now());
        Ok(())
    }

    /// Forgets producers that are gone, once on each day that the log reaches: so the same log leaves the same rows.
    async fn forget(
        &mut self,
        tx: &mut PgConnection,
        batch: &[OfClicks<'_>],
    ) -> Result<(), sqlx::Error> {
        let Some(reached) = batch.iter().map(OfClicks::stored_at).max() else {
            return Ok(());
        };
        let today = Some(reached.date());
        if self.forgot_on != today {
            producer::forget_silent(tx, reached).await?;
            self.forgot_on = today;
        }
        Ok(())
    }

    /// Keeps and counts clicks between which no rule changes.
    async fn take_in(
        &self,
        tx: &mut PgConnection,
        messages: &[&ClickMessage<'_>],
    ) -> Result<(), ApplyError> {
        if messages.is_empty() {
            return Ok(());
        }
        let new = producer::uncounted(tx, messages).await?;
        let excluded = Excluded::among(tx, &new).await?;
        partition::make_for(tx, &new).await?;
        count::take_in(tx, &new, &excluded, &self.steps).await?;
        Ok(())
    }
}

impl Projection for ClickCount {
    const NAME: &'static str = "click_count";
    const CONTEXT: Context = Context::Links;
    const STREAM: StreamName = StreamName::Clicks;
    /// Messages of few clicks are many.
    const BATCH_MESSAGES_MAX: usize = 10_000;
    /// Some 130,000 clicks: the more of them are added up at once, the fewer times the same rows are written.
    const BATCH_BYTES_MAX: usize = 48 * 1024 * 1024;
    type Event<'m> = OfClicks<'m>;

    fn read(message: &StoredMessage) -> Result<Option<OfClicks<'_>>, DecodeError> {
        OfClicks::read(message)
    }

    fn steps(&self) -> Steps {
        self.steps.clone()
    }

    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        batch: &[Self::Event<'_>],
    ) -> Result<(), ApplyError> {
        let mut clicks = Vec::with_capacity(batch.len());
        for it in batch {
            match it {
                OfClicks::Clicks(message) => clicks.push(message),
                OfClicks::Exclusion(change) => {
                    self.take_in(tx, &clicks).await?;
                    clicks.clear();
                    change.apply(tx, self.retention, &self.steps).await?;
                }
            }
        }
        self.take_in(tx, &clicks).await?;
        self.forget(tx, batch).await?;
        Ok(self.sweep(tx, batch).await?)
    }
}
