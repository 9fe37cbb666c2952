//! Subscriptions: clicks as they happen, over WebSocket.
//!
//! One tail of CLICKS feeds them all; an idle subscription costs neither a query nor a consumer.

mod admission;
mod cursor;
mod frame;
mod http;
mod hub;
mod repeats;
mod socket;
mod stay;
mod tail;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use nats::Broker;
use service::health::Readiness;
use service::metrics::Metrics;
use service::shutdown::Tasks;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::hub::Hub;
use crate::app::{App, until};

/// All subscriptions of the process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Live {
    hub: Arc<Hub>,
    sockets: TaskTracker,
    stopping: CancellationToken,
}

impl Live {
    /// Starts to follow the log.
    pub(crate) fn start(
        broker: &Broker,
        readiness: &Readiness,
        metrics: &Metrics,
        tasks: &Tasks,
    ) -> Self {
        let hub = Arc::new(Hub::default());
        metrics.register(|registry| hub.metrics().register(registry));
        let (sockets, stopping) = (TaskTracker::new(), tasks.stopping());

        let following = tail::follow(
            Arc::clone(&hub),
            broker.clone(),
            readiness.component("live"),
        );
        tasks.spawn("live tail", until(stopping.clone(), following));
        let live = Self {
            hub,
            sockets,
            stopping,
        };
        tasks.spawn("live sockets", live.clone().drain());
        live
    }

    /// Follows nothing.
    #[cfg(test)]
    pub(crate) fn idle() -> Self {
        let (sockets, stopping) = (TaskTracker::new(), CancellationToken::new());
        Self {
            hub: Arc::default(),
            sockets,
            stopping,
        }
    }

    /// Ends when the process stops and every socket has been told so.
    async fn drain(self) {
        self.stopping.cancelled().await;
        self.sockets.close();
        self.sockets.wait().await;
    }
}

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(http::of_link))
        .routes(routes!(http::of_workspace))
}
