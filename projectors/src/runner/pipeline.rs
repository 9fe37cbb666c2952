//! Two hands that take turns: while one writes its batch, the other reads and decodes the next.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use events::Position;
use nats::{Broker, Checkpoint, Tail};
use service::health::Component;
use service::problem::Chain;
use sqlx::PgConnection;
use tokio::sync::Mutex;
use tokio::time::{MissedTickBehavior, interval};

use super::batch::{Batch, one_by_one, together};
use super::decode::{Decoded, decode};
use super::interruption::Interruption;
use super::parking;
use super::watch::Watch;
use crate::database::Database;
use crate::metrics::Gauges;
use crate::projection::Projection;

/// How often the leader looks after its session, the log and what is parked.
const LOOK_AFTER_INTERVAL: Duration = Duration::from_secs(1);

/// What a leader works with.
///
/// A hand lets go of `reading` only when `writing` is its own: batches are written in the order in which they were read.
pub(super) struct Pipeline<'l, P> {
    pub(super) broker: &'l Broker,
    pub(super) database: &'l Database,
    pub(super) gauges: &'l Gauges,
    pub(super) component: &'l Component,
    pub(super) reading: Mutex<Reading>,
    pub(super) writing: Mutex<Writing<'l, P>>,
}

/// What the next batch is read with.
pub(super) struct Reading {
    pub(super) tail: Tail,
    /// How far was read: where the next batch goes on, so that one that overtakes another finds itself outrun.
    pub(super) reached: Option<Checkpoint>,
}

/// What a batch is written with.
pub(super) struct Writing<'l, P> {
    pub(super) projection: &'l mut P,
    pub(super) connection: PgConnection,
    pub(super) watch: Watch<'l>,
}

impl<P: Projection> Pipeline<'_, P> {
    /// Projects until something interrupts it.
    pub(super) async fn run(&self) -> Result<Infallible, Interruption> {
        let (never, _, _) = tokio::try_join!(
            Box::pin(self.take_turns()),
            Box::pin(self.take_turns()),
            self.look_now_and_then()
        )?;
        Ok(never)
    }

    /// What each hand does.
    async fn take_turns(&self) -> Result<Infallible, Interruption> {
        loop {
            let mut reading = self.reading.lock().await;
            let messages = reading
                .tail
                .next_batch(P::BATCH_MESSAGES_MAX, P::BATCH_BYTES_MAX)
                .await?;
            let (to, pending) = (reading.tail.checkpoint(), reading.tail.pending());
            let from = reading.reached.replace(to);
            let decoded = decode::<P>(&messages).await;
            let mut writing = self.writing.lock().await;
            // Where little waits, the next batch is better read once this one is stored: it then has all that came.
            let kept = (!is_behind(pending, messages.len())).then_some(reading);
            let batch = Batch {
                from: from.as_ref(),
                to: &to,
                messages: &messages,
            };
            self.project(&mut writing, &batch, decoded).await?;
            self.tell(to.sequence, pending).await;
            if writing.watch.applied() {
                self.look_after(&mut writing).await?;
            }
            drop((writing, kept));
        }
    }

    /// Looks after the session between two batches, and while there are none.
    async fn look_now_and_then(&self) -> Result<Infallible, Interruption> {
        let mut ticks = interval(LOOK_AFTER_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.look_after(&mut *self.writing.lock().await).await?;
        }
    }

    async fn project(
        &self,
        writing: &mut Writing<'_, P>,
        batch: &Batch<'_>,
        decoded: Vec<Decoded<'_, P>>,
    ) -> Result<(), Interruption> {
        let begun = Instant::now();
        let (projection, connection) = (&mut *writing.projection, &mut writing.connection);
        let steps = projection.steps();
        let all = together(projection, connection, batch, decoded);
        match self.database.within_each(&steps, all).await {
            Err(Interruption::Apply(error)) if error.is_of_the_event() => {
                let each = one_by_one(projection, connection, batch);
                self.database.within_each(&steps, each).await?;
            }
            done => done?,
        }
        let gauges = self.gauges;
        gauges.commit_seconds.observe(begun.elapsed().as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a batch has few messages")]
        gauges.batch_messages.observe(batch.messages.len() as f64);
        Ok(())
    }

    /// Says how far the projection has come.
    async fn tell(&self, reached: u64, pending: u64) {
        self.gauges.position.set(reached.cast_signed());
        self.gauges.lag.set(pending.cast_signed());
        let position = Position {
            stream: P::STREAM,
            sequence: reached,
        };
        // A lost notice costs its reader a delay, never truth.
        let told = self
            .broker
            .publish_changed(P::CONTEXT, P::NAME, position)
            .await;
        if let Err(error) = told {
            tracing::debug!(
                projection = P::NAME,
                error = %Chain(&error),
                "not told"
            );
        }
    }

    /// Sees whether the session lives and the log is read, and what is parked, which an operator may have changed.
    async fn look_after(&self, writing: &mut Writing<'_, P>) -> Result<(), Interruption> {
        let (connection, watch) = (&mut writing.connection, &mut writing.watch);
        let parked = self
            .database
            .within(parking::count(connection, P::NAME))
            .await?;
        self.gauges.parked.set(parked);
        if !watch.is_reading() {
            self.component.down("the log cannot be read");
        } else if watch.is_proven() {
            watch.all_is_well();
            match parked {
                0 => self.component.up(),
                _ => self
                    .component
                    .degraded(format!("{parked} events are parked")),
            }
        }
        Ok(())
    }
}

/// Whether at least as much waits as was taken.
fn is_behind(pending: u64, taken: usize) -> bool {
    pending >= u64::try_from(taken).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::is_behind;

    #[test]
    fn who_took_all_that_waited_is_not_behind() {
        assert!(!is_behind(0, 1));
        assert!(!is_behind(99, 100), "less waits than was taken");
        assert!(is_behind(100, 100));
    }
}
