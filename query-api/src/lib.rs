//! The reading side: questions are answered from Postgres, subscriptions from the log's tail.
//!
//! Nothing here writes, and a process that serves it starts and lives without Postgres:
//! questions are then refused with a 503, open subscriptions go on.

mod app;
mod core;
mod database;
mod http;
mod links;
mod live;
mod media;
mod progress;
#[cfg(test)]
mod testing;

use nats::Broker;
use service::caller::Gate;
use service::health::Readiness;
use service::metrics::Metrics;
use service::shutdown::Tasks;
use tokio_util::sync::CancellationToken;
use url::Url;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
pub use crate::database::DatabaseSettings;

/// What the reading side is built from.
#[derive(Clone)]
pub struct Parts {
    /// The log: its tail feeds the subscriptions, its notices wake those who wait for a position.
    pub broker: Broker,
    /// Where the read models are.
    pub database: DatabaseSettings,
    /// Tells who asks, and who may not ask any more.
    pub gate: Gate,
    /// Where people reach Millrace: the scheme of short links, and the origin that browsers may subscribe from.
    pub public_url: Url,
    /// Learns whether questions and subscriptions can be served.
    pub readiness: Readiness,
    /// Takes the figures of subscriptions.
    pub metrics: Metrics,
    /// Runs the tail, the listening for notices and the checking of Postgres.
    pub tasks: Tasks,
    /// Says that the listener has stopped: subscribers are then told, since answers that never end would hold it up.
    pub draining: CancellationToken,
}

/// The routes, by context, each with the `OpenAPI` description of its own.
pub struct QueryApi {
    /// `/v1/core/*`
    pub core: OpenApiRouter,
    /// `/v1/media/*`
    pub media: OpenApiRouter,
    /// `/v1/links*`
    pub links: OpenApiRouter,
}

/// The reading side cannot be built from what was given.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The database's URL is none that the driver understands.
    #[error("DATABASE_URL is not a URL of a Postgres database")]
    DatabaseUrl(#[source] sqlx::Error),
}

/// Builds the routes and starts what runs behind them; waits neither for the broker nor for Postgres.
pub fn build(parts: Parts) -> Result<QueryApi, BuildError> {
    App::start(parts).map(routes)
}

fn routes(app: App) -> QueryApi {
    QueryApi {
        core: core::routes().with_state(app.clone()),
        media: media::routes().with_state(app.clone()),
        links: links::routes().merge(live::routes()).with_state(app),
    }
}
