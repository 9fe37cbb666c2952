//! All projections of one process.

use std::time::Duration;

use events::Context;
use nats::Broker;
use service::health::{Component, Readiness};
use service::keys::Keyring;
use service::metrics::Metrics;
use service::problem::Chain;
use service::shutdown::Tasks;

use crate::core::{
    ApiKeyList, AuditTrail, AuditTrailLinks, AuditTrailMedia, MemberList, SessionList, UserProfile,
    WorkspaceList,
};
use crate::database::Database;
use crate::links::{ClickCount, DomainList, LinkList};
use crate::media::AssetList;
use crate::metrics::ProjectionMetrics;
use crate::migrate::{MigrationError, migrate};
use crate::projection::Projection;
use crate::runner::{Backoff, Runner};

/// What the projectors work with.
#[derive(Clone)]
pub struct Projectors {
    /// Where the log is.
    pub broker: Broker,
    /// Where the read models are.
    pub database: Database,
    /// Opens the users' keys.
    pub keyring: Keyring,
    /// How long raw clicks are kept; none: for ever.
    pub click_retention: Option<Duration>,
    /// Told how each projection fares.
    pub readiness: Readiness,
    /// Told how far each projection has come.
    pub metrics: Metrics,
    /// Runs the workers and stops them.
    pub tasks: Tasks,
}

impl Projectors {
    /// Brings the database up to date, then runs a worker for each projection until the tasks stop.
    ///
    /// Returns at once: the database may be away, then and later, and the readiness says so.
    pub fn start(self) {
        let stopping = self.tasks.stopping();
        let migrations = self.readiness.component("migrations");
        let metrics = ProjectionMetrics::registered(&self.metrics);
        let (broker, keyring) = (self.broker.clone(), self.keyring.clone());
        let workers = [
            self.worker(&metrics, UserProfile::new(broker, keyring)),
            self.worker(&metrics, WorkspaceList),
            self.worker(&metrics, MemberList),
            self.worker(&metrics, SessionList),
            self.worker(&metrics, ApiKeyList),
            self.worker(&metrics, AuditTrail),
            self.worker(&metrics, AuditTrailMedia),
            self.worker(&metrics, AuditTrailLinks),
            self.worker(&metrics, AssetList),
            self.worker(&metrics, LinkList),
            self.worker(&metrics, DomainList),
            self.worker(&metrics, ClickCount::keeping(self.click_retention)),
        ];
        let tasks = self.tasks.clone();
        self.tasks.spawn("migrations", async move {
            let migrating = migrate_when_possible(&self.database, &migrations);
            if stopping.run_until_cancelled(Box::pin(migrating)).await == Some(true) {
                for start in workers {
                    start(&tasks);
                }
            }
        });
    }

    /// What starts a projection's worker; its readiness is known, as `starting`, from now on.
    fn worker<P: Projection + 'static>(
        &self,
        metrics: &ProjectionMetrics,
        projection: P,
    ) -> Box<dyn FnOnce(&Tasks) + Send> {
        let runner = Runner {
            projection,
            broker: self.broker.clone(),
            database: self.database.clone(),
            gauges: metrics.of(P::NAME),
            component: self.readiness.component(P::NAME),
        };
        Box::new(move |tasks| tasks.spawn(P::NAME, runner.run(tasks.stopping())))
    }
}

/// Migrates as soon as the database is there; `false` when it is not this program's.
async fn migrate_when_possible(database: &Database, component: &Component) -> bool {
    let mut backoff = Backoff::new();
    loop {
        let Err(error) = migrate(database, &Context::ALL).await else {
            component.up();
            return true;
        };
        component.down(error.reason());
        if matches!(
            error,
            MigrationError::Unknown { .. } | MigrationError::Changed { .. }
        ) {
            tracing::error!(error = %Chain(&error), "not migrated");
            return false;
        }
        tracing::warn!(error = %Chain(&error), "not migrated yet");
        backoff.pause().await;
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Log, eventually, link, shortened, workspace};

    #[tokio::test]
    async fn the_database_may_be_away_at_the_start() {
        let log = Log::new().await;
        let mut postgres = servers::testing::own_postgres().await;
        postgres.create_database("millrace").await.unwrap();
        let url = postgres.url("millrace");
        postgres.kill().await;
        let running = log.project_into(&url);
        let position = log
            .append(&link(workspace()), &shortened("meanwhile"))
            .await;
        eventually("told what is missing", async || {
            let missing = running.readiness.missing();
            let told = missing.iter().find(|it| it.component == "migrations");
            let is_told = told.is_some_and(|it| it.reason == "schema core cannot be migrated");
            if is_told && missing.len() == 13 {
                Ok(())
            } else {
                Err(missing)
            }
        })
        .await;
        postgres.start_again().await.unwrap();
        running.reach("link_list", position).await;
        eventually("ready", async || match running.readiness.missing() {
            missing if missing.is_empty() => Ok(()),
            missing => Err(missing),
        })
        .await;
        running.stop().await;
    }
}
