//! The worker of one projection: reads the log in order, and writes what it says exactly once.

mod backoff;
mod batch;
mod decode;
mod interruption;
mod leadership;
mod parking;
mod position;
#[cfg(test)]
mod tests;
mod watch;

use std::convert::Infallible;
use std::future::pending;
use std::pin::pin;
use std::time::Instant;

use events::Position;
use nats::{Broker, Checkpoint, Diverged, StoredMessage, Tail};
use service::health::Component;
use service::problem::Chain;
use sqlx::PgConnection;
use tokio_util::sync::CancellationToken;

pub(crate) use self::backoff::Backoff;
use self::batch::{Batch, one_by_one, together};
use self::interruption::Interruption;
use self::watch::Watch;
use crate::database::Database;
use crate::metrics::Gauges;
use crate::projection::Projection;

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
                        error = %Chain(&other),
                        "interrupted"
                    );
                    self.component.down(other.reason());
                }
            }
            backoff.pause().await;
        }
    }

    /// Waits for its turn and projects from the stored position on.
    async fn lead(&mut self, backoff: &mut Backoff) -> Result<Infallible, Interruption> {
        let mut connection = self.take_the_lead(backoff).await?;
        let mut stored = self
            .database
            .within(position::load(&mut connection, P::NAME))
            .await?;
        let mut tail = self.broker.resume(P::STREAM, stored.as_ref()).await?;
        tracing::info!(
            projection = P::NAME,
            from = stored.as_ref().map(|it| it.sequence),
            "leads"
        );
        let mut watch = Watch::over(&tail, backoff);
        loop {
            let messages = self.next(&mut tail, &mut connection, &mut watch).await?;
            let to = tail.checkpoint();
            let batch = Batch {
                from: stored.as_ref(),
                to: &to,
                messages: &messages,
            };
            self.project(&mut connection, &batch).await?;
            self.tell(&tail, &to).await;
            stored = Some(to);
            watch.applied();
        }
    }

    /// A session that leads.
    ///
    /// Who has failed is not ready merely because another leads, who may be about to fail likewise.
    async fn take_the_lead(&self, backoff: &mut Backoff) -> Result<PgConnection, Interruption> {
        let mut connection = self.database.connect(P::CONTEXT).await?;
        let begun = Instant::now();
        while !self
            .database
            .within(leadership::try_lead(&mut connection, P::NAME))
            .await?
        {
            if begun.elapsed() >= leadership::FARES_WELL_AFTER {
                backoff.reset();
            }
            if backoff.is_fresh() {
                self.component.up();
            }
            leadership::stand_by().await;
        }
        Ok(connection)
    }

    /// Waits for messages, and looks after the session meanwhile.
    ///
    /// The reading goes on beside it and is never cut off: after an outage it may take longer than any interval.
    async fn next(
        &self,
        tail: &mut Tail,
        connection: &mut PgConnection,
        watch: &mut Watch<'_>,
    ) -> Result<Vec<StoredMessage>, Interruption> {
        let mut reading = pin!(tail.next_batch(P::BATCH_MESSAGES_MAX, P::BATCH_BYTES_MAX));
        loop {
            tokio::select! {
                messages = &mut reading => return Ok(messages?),
                () = watch.due() => self.look_after(connection, watch).await?,
            }
        }
    }

    async fn project(
        &mut self,
        connection: &mut PgConnection,
        batch: &Batch<'_>,
    ) -> Result<(), Interruption> {
        let begun = Instant::now();
        let steps = self.projection.steps();
        let all = together(&mut self.projection, connection, batch);
        match self.database.within_each(&steps, all).await {
            Err(Interruption::Apply(error)) if error.is_of_the_event() => {
                let each = one_by_one(&mut self.projection, connection, batch);
                self.database.within_each(&steps, each).await?;
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
                error = %Chain(&error),
                "not told"
            );
        }
    }

    /// Sees whether the session lives and the log is read, and what is parked, which an operator may have changed.
    async fn look_after(
        &self,
        connection: &mut PgConnection,
        watch: &mut Watch<'_>,
    ) -> Result<(), Interruption> {
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

    /// Nothing that this worker could do would be right; the others go on.
    async fn stop_for_good(&self, diverged: &Diverged) {
        tracing::error!(
            projection = P::NAME,
            error = %Chain(diverged),
            "diverged: the read model must be rebuilt"
        );
        self.gauges.diverged.set(1);
        self.component
            .down("the log is not the one that was read: rebuild the read model");
        pending::<()>().await;
    }
}
