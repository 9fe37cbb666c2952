//! Clicks: each as it came, and counted by quarter of an hour.

mod binary_copy;
mod message;
mod partition;
mod producer;
mod raw;
mod rollup;
#[cfg(test)]
mod tests;

use events::{Context, DecodeError, StreamName};
use nats::StoredMessage;
use sqlx::PgConnection;
use tokio::time::{Duration, Instant};

use self::message::ClickMessage;
use crate::projection::{ApplyError, Projection};

/// How often producers that are gone are forgotten.
const SWEEP_INTERVAL: Duration = Duration::from_hours(1);

/// Keeps `click`, `click_rollup` and `click_producer`.
#[derive(Default)]
pub(crate) struct ClickRollup {
    swept_at: Option<Instant>,
}

impl Projection for ClickRollup {
    const NAME: &'static str = "click_rollup";
    const CONTEXT: Context = Context::Links;
    const STREAM: StreamName = StreamName::Clicks;
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
            producer::forget_silent(tx, batch).await?;
            self.swept_at = Some(Instant::now());
        }
        let new = producer::uncounted(tx, batch).await?;
        partition::make_for(tx, &new).await?;
        raw::copy(tx, &new).await?;
        rollup::count(tx, &new).await?;
        Ok(())
    }
}
