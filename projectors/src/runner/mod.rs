//! The worker of one projection: reads the log in order, and writes what it says exactly once.

mod backoff;
mod batch;
mod interruption;
mod leadership;
mod parking;
mod position;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::error::Error;
use std::future::pending;
use std::time::{Duration, Instant};

use events::Position;
use nats::{Broker, Checkpoint, Diverged, Tail};
use service::health::Component;
use sqlx::PgConnection;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub(crate) use self::backoff::Backoff;
use self::batch::{Batch, one_by_one, together};
use self::interruption::Interruption;
use crate::database::Database;
use crate::metrics::Gauges;
use crate::projection::Projection;

/// The most that one transaction takes in.
const BATCH_MESSAGES_MAX: usize = 1_000;
/// Some 25,000 clicks.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How often the leader looks after its session and what is parked.
const LOOK_AFTER_INTERVAL: Duration = Duration::from_secs(1);

/// The worker of one projection.
pub(crate) struct Runner<P> {
    pub(crate) projection: P,
    pub(crate) broker: Broker,
    pub(crate) database: Database,
    pub(crate) gauges: Gauges,
    pub(crate) component: Component,
}

impl<P: Projection> Runner<P> {
    /// Runs until told to stop, whatever happens to the broker and the database.
    ///
    /// A transaction that is cut off is done again by whoever leads next.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        stop.run_until_cancelled(self.lead_again_and_again()).await;
    }

    async fn lead_again_and_again(&mut self) {
        let mut backoff = Backoff::new();
        loop {
            let Err(interruption) = self.lead(&mut backoff).await;
            match interruption {
                Interruption::Diverged(diverged) => return self.stop_for_good(&diverged).await,
                Interruption::Outrun => tracing::info!(projection = P::NAME, "outrun"),
                other @ (Interruption::Database(_)
                | Interruption::Log(_)
                | Interruption::Apply(_)) => {
                    tracing::warn!(
                        projection = P::NAME,
                        error = &other as &dyn Error,
                        "interrupted"
                    );
                    self.component.down(other.to_string());
                }
            }
            backoff.pause().await;
        }
    }

    /// Waits for its turn and projects from the stored position on.
    async fn lead(&mut self, backoff: &mut Backoff) -> Result<Infallible, Interruption> {
        let mut connection = self.database.connect(P::CONTEXT).await?;
        while !self
            .database
            .within(leadership::try_lead(&mut connection, P::NAME))
            .await?
        {
            self.component.up();
            leadership::stand_by().await;
        }
        let mut stored = self
            .database
            .within(position::load(&mut connection, P::NAME))
            .await?;
        let mut tail = self.broker.resume(P::STREAM, stored.as_ref()).await?;
        self.look_after(&mut connection).await?;
        tracing::info!(
            projection = P::NAME,
            from = stored.as_ref().map(|it| it.sequence),
            "leads"
        );
        let mut looked_after = Instant::now();
        loop {
            let next = tail.next_batch(BATCH_MESSAGES_MAX, BATCH_BYTES_MAX);
            if let Ok(messages) = timeout(LOOK_AFTER_INTERVAL, next).await {
                let (messages, to) = (messages?, tail.checkpoint());
                let batch = Batch {
                    from: stored.as_ref(),
                    to: &to,
                    messages: &messages,
                };
                self.project(&mut connection, &batch).await?;
                self.tell(&tail, &to).await;
                stored = Some(to);
            }
            if looked_after.elapsed() >= LOOK_AFTER_INTERVAL {
                self.look_after(&mut connection).await?;
                looked_after = Instant::now();
            }
            backoff.reset();
        }
    }

    async fn project(
        &mut self,
        connection: &mut PgConnection,
        batch: &Batch<'_>,
    ) -> Result<(), Interruption> {
        let begun = Instant::now();
        let all = together(&mut self.projection, connection, batch);
        match self.database.within(all).await {
            Err(Interruption::Apply(error)) if error.is_of_the_event() => {
                let each = one_by_one(&mut self.projection, connection, batch);
                self.database.within(each).await?;
            }
            done => done?,
        }
        self.gauges
            .commit_seconds
            .observe(begun.elapsed().as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a batch has few messages")]
        self.gauges
            .batch_messages
            .observe(batch.messages.len() as f64);
        Ok(())
    }

    /// Says how far the projection has come.
    async fn tell(&self, tail: &Tail, reached: &Checkpoint) {
        self.gauges.position.set(reached.sequence.cast_signed());
        self.gauges.lag.set(tail.pending().cast_signed());
        let position = Position {
            stream: P::STREAM,
            sequence: reached.sequence,
        };
        // A lost notice costs its reader a delay, never truth.
        if let Err(error) = self
            .broker
            .publish_changed(P::CONTEXT, P::NAME, position)
            .await
        {
            tracing::debug!(
                projection = P::NAME,
                error = &error as &dyn Error,
                "not told"
            );
        }
    }

    /// Sees whether the session lives, and what is parked, which an operator may have changed.
    async fn look_after(&self, connection: &mut PgConnection) -> Result<(), Interruption> {
        let parked = self
            .database
            .within(parking::count(connection, P::NAME))
            .await?;
        self.gauges.parked.set(parked);
        match parked {
            0 => self.component.up(),
            _ => self
                .component
                .degraded(format!("{parked} events are parked")),
        }
        Ok(())
    }

    /// Nothing that this worker could do would be right; the others go on.
    async fn stop_for_good(&self, diverged: &Diverged) {
        tracing::error!(
            projection = P::NAME,
            error = diverged as &dyn Error,
            "diverged: the read model must be rebuilt"
        );
        self.gauges.diverged.set(1);
        self.component
            .down("the log is not the one that was read: rebuild the read model");
        pending::<()>().await;
    }
}
