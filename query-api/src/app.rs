//! What every handler of the process may use.

use std::sync::Arc;

use axum::extract::FromRef;
use service::caller::Gate;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::database::Databases;
use crate::live::Live;
use crate::progress::{PATIENCE, Progress};
use crate::{BuildError, Parts};

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) databases: Databases,
    pub(crate) progress: Progress,
    pub(crate) live: Live,
    pub(crate) gate: Gate,
    pub(crate) public_url: Arc<Url>,
}

impl App {
    pub(crate) fn start(parts: Parts) -> Result<Self, BuildError> {
        let Parts {
            broker,
            database,
            gate,
            public_url,
            readiness,
            metrics,
            tasks,
            draining,
        } = parts;
        let databases = Databases::open(&database).map_err(BuildError::DatabaseUrl)?;
        let progress = Progress::new(databases.clone(), PATIENCE);
        let live = Live::start(&broker, &readiness, &metrics, &tasks, &draining);

        let stopping = tasks.stopping();
        let hearing = progress.clone().hear_all(broker);
        let watching = databases
            .clone()
            .watch(readiness.component("query_database"));
        tasks.spawn("query progress", until(stopping.clone(), hearing));
        tasks.spawn("query database watch", until(stopping, watching));
        Ok(Self {
            databases,
            progress,
            live,
            gate,
            public_url: Arc::new(public_url),
        })
    }
}

/// Runs something endless until the process stops.
pub(crate) async fn until(stopping: CancellationToken, endless: impl Future) {
    drop(stopping.run_until_cancelled_owned(endless).await);
}

impl FromRef<App> for Gate {
    fn from_ref(app: &App) -> Self {
        app.gate.clone()
    }
}
