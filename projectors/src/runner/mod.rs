//! The worker of one projection: reads the log in order, and writes what it says exactly once.

mod backoff;
mod batch;
mod decode;
mod interruption;
mod leadership;
mod parking;
mod pipeline;
mod position;
#[cfg(test)]
mod tests;
mod watch;

use std::convert::Infallible;
use std::future::pending;
use std::time::Instant;

use nats::{Broker, Diverged};
use service::health::Component;
use service::problem::Chain;
use sqlx::PgConnection;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

pub(crate) use self::backoff::Backoff;
use self::interruption::Interruption;
use self::pipeline::{Pipeline, Reading, Writing};
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
        let stored = self
            .database
            .within(position::load(&mut connection, P::NAME))
            .await?;
        let tail = self.broker.resume(P::STREAM, stored.as_ref()).await?;
        tracing::info!(
            projection = P::NAME,
            from = stored.as_ref().map(|it| it.sequence),
            "leads"
        );
        let pipeline = Pipeline {
            broker: &self.broker,
            database: &self.database,
            gauges: &self.gauges,
            component: &self.component,
            writing: Mutex::new(Writing {
                projection: &mut self.projection,
                connection,
                watch: Watch::over(&tail, backoff),
            }),
            reading: Mutex::new(Reading {
                tail,
                reached: stored,
            }),
        };
        pipeline.run().await
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
            if leadership::fares_well(begun.elapsed(), self.database.timeout()) {
                backoff.reset();
            }
            if backoff.is_fresh() {
                self.component.up();
            }
            leadership::stand_by().await;
        }
        Ok(connection)
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
