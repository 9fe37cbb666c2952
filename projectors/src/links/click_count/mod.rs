//! Clicks: each as it came, and counted by link, workspace, time, and what they can be told apart by.

mod binary_copy;
mod count;
mod insert;
mod message;
mod partition;
mod producer;
mod raw;
mod tally;
#[cfg(test)]
mod tests;
mod write;

use events::{Context, DecodeError, StreamName};
use nats::StoredMessage;
use sqlx::PgConnection;
use tokio::time::{Duration, Instant};

use self::message::ClickMessage;
use crate::projection::{ApplyError, Projection};

/// How often what is old is forgotten: producers that are gone, and clicks that need not be kept.
const SWEEP_INTERVAL: Duration = Duration::from_hours(1);

/// Keeps `click_record`, `click_count`, `click_count_quarter`, `click_count_value` and `click_count_producer`.
#[derive(Default)]
pub(crate) struct ClickCount {
    swept_at: Option<Instant>,
    retention: Option<Duration>,
}

impl ClickCount {
    /// Raw clicks are kept for so long; for ever without.
    pub(crate) fn keeping(retention: Option<Duration>) -> Self {
        Self {
            retention,
            ..Self::default()
        }
    }

    async fn sweep(
        &self,
        tx: &mut PgConnection,
        batch: &[ClickMessage<'_>],
    ) -> Result<(), sqlx::Error> {
        producer::forget_silent(tx, batch).await?;
        match self.retention {
            Some(retention) => partition::drop_older(tx, batch, retention).await,
            None => Ok(()),
        }
    }
}

impl Projection for ClickCount {
    const NAME: &'static str = "click_count";
    const CONTEXT: Context = Context::Links;
    const STREAM: StreamName = StreamName::Clicks;
    /// Messages of few clicks are many.
    const BATCH_MESSAGES_MAX: usize = 10_000;
    /// Some 100,000 clicks: the more of them are added up at once, the fewer times the same rows are written.
    const BATCH_BYTES_MAX: usize = 32 * 1024 * 1024;
    type Event<'m> = ClickMessage<'m>;

    fn read(message: &StoredMessage) -> Result<Option<ClickMessage<'_>>, DecodeError> {
        ClickMessage::read(message)
    }

    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        batch: &[Self::Event<'_>],
    ) -> Result<(), ApplyError> {
        if self
            .swept_at
            .is_none_or(|at| at.elapsed() >= SWEEP_INTERVAL)
        {
            self.sweep(tx, batch).await?;
            self.swept_at = Some(Instant::now());
        }
        let new = producer::uncounted(tx, batch).await?;
        partition::make_for(tx, &new).await?;
        raw::write_all(tx, &new).await?;
        count::count(tx, &new).await
    }
}
