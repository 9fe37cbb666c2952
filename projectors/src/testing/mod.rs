//! A broker, a database and projectors for one test.

mod given;
mod rows;

use std::time::Duration;

use events::{Context, Position, StreamName};
use nats::Broker;
use servers::testing::TestNats;
use service::config::Secret;
use service::health::Readiness;
use service::keys::Keyring;
use service::metrics::Metrics;
use service::shutdown::Tasks;

pub(crate) use self::given::{
    Clicks, announced, api_key, asset, brought, click, issued, lane, link, opened, opened_at,
    person, registered, route, session, shortened, stored, strange, user, workspace,
};
pub(crate) use self::rows::{Rows, one};
use crate::{Database, Projectors, migrate};

/// Far more than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A log of the test's own.
pub(crate) struct Log {
    pub(crate) nats: TestNats,
    pub(crate) broker: Broker,
    pub(crate) keyring: Keyring,
}

/// Projectors at work.
pub(crate) struct Running {
    pub(crate) database: Database,
    pub(crate) readiness: Readiness,
    pub(crate) metrics: Metrics,
    tasks: Tasks,
}

impl Log {
    pub(crate) async fn new() -> Self {
        let nats = servers::testing::nats().await;
        let broker = Broker::connect(&nats.url(), "projectors' tests")
            .await
            .unwrap();
        broker.apply_streams().await.unwrap();
        Self {
            nats,
            broker,
            keyring: Keyring::random().unwrap(),
        }
    }

    /// Starts projectors that read this log into a database.
    pub(crate) fn project_into(&self, url: &str) -> Running {
        self.project_and_keep(url, None)
    }

    /// Starts projectors that keep raw clicks for some time only.
    pub(crate) fn project_and_keep(&self, url: &str, clicks: Option<Duration>) -> Running {
        self.project(database(url), clicks)
    }

    /// Starts projectors that wait for the database for no longer than that.
    pub(crate) fn project_within(&self, url: &str, timeout: Duration) -> Running {
        self.project(Database::new(&Secret::new(url), timeout).unwrap(), None)
    }

    fn project(&self, database: Database, clicks: Option<Duration>) -> Running {
        let running = Running {
            database,
            readiness: Readiness::default(),
            metrics: Metrics::default(),
            tasks: Tasks::default(),
        };
        Projectors {
            broker: self.broker.clone(),
            database: running.database.clone(),
            keyring: self.keyring.clone(),
            click_retention: clicks,
            readiness: running.readiness.clone(),
            metrics: running.metrics.clone(),
            tasks: running.tasks.clone(),
        }
        .start();
        running
    }
}

impl Running {
    /// Waits until a projection has read that far.
    pub(crate) async fn reach(&self, projection: &str, position: Position) {
        let context = match position.stream {
            _ if projection.starts_with("audit_trail") => Context::Core,
            StreamName::Core => Context::Core,
            StreamName::Media => Context::Media,
            StreamName::Links | StreamName::Clicks => Context::Links,
        };
        let sql =
            format!("select position from projection_position where projection = '{projection}'");
        eventually(&format!("{projection} at {position}"), async || {
            let reached = one::<i64>(&self.database, context, &sql).await;
            (reached.unwrap_or(0).cast_unsigned() >= position.sequence)
                .then_some(())
                .ok_or(reached)
        })
        .await;
    }

    pub(crate) async fn stop(self) {
        self.tasks.stop(PATIENCE).await.unwrap();
    }
}

pub(crate) fn database(url: &str) -> Database {
    Database::new(&Secret::new(url), PATIENCE).unwrap()
}

/// A new database with all schemas.
pub(crate) async fn migrated() -> Database {
    let database = database(&servers::testing::fresh_database().await);
    migrate(&database, &Context::ALL).await.unwrap();
    database
}

/// Asks until the answer is good; panics with the last one when that takes too long.
pub(crate) async fn eventually<T, E: std::fmt::Debug>(
    what: &str,
    mut ask: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let started = tokio::time::Instant::now();
    loop {
        match ask().await {
            Ok(good) => return good,
            Err(last) if started.elapsed() > PATIENCE => panic!("never {what}; last saw {last:?}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}
