//! Subscriptions: clicks as they happen, over WebSocket or as server-sent events.
//!
//! One tail of CLICKS feeds them all; an idle subscription costs neither a query nor a consumer.
//! Who comes back is first told what it missed, from the log.

mod admission;
mod cursor;
mod end;
mod feed;
mod frame;
mod heartbeat;
mod http;
mod hub;
mod message;
mod openapi;
mod past;
mod repeats;
mod socket;
mod sse;
mod stay;
mod tail;
#[cfg(test)]
mod tests;
mod told;
mod totals;
mod words;

use std::sync::Arc;

use axum::response::Response;
use nats::Broker;
use service::health::Readiness;
use service::metrics::Metrics;
use service::shutdown::Tasks;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::admission::Transport;
use self::heartbeat::{Heartbeats, every};
use self::hub::Hub;
use self::past::{HOLDING_MAX, Past};
use self::stay::Stay;
use self::tail::Follower;
use self::totals::Counts;
use self::words::Words;
use crate::app::{App, until};

/// All subscriptions of the process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Live {
    hub: Arc<Hub>,
    past: Arc<Past>,
    counts: Counts,
    heartbeats: Heartbeats,
    open: TaskTracker,
    /// Nobody is served any more: subscribers are told, and go elsewhere.
    draining: CancellationToken,
}

impl Live {
    /// Starts to follow the log.
    pub(crate) fn start(
        broker: &Broker,
        readiness: &Readiness,
        metrics: &Metrics,
        tasks: &Tasks,
        draining: &CancellationToken,
    ) -> Self {
        let hub = Arc::new(Hub::default());
        metrics.register(|registry| hub.metrics().register(registry));
        let open = TaskTracker::new();
        let past = Past::new(Some(broker.clone()), open.clone(), HOLDING_MAX);
        let past = Arc::new(past);
        let follower = Follower {
            broker: broker.clone(),
            hub: Arc::clone(&hub),
            past: Arc::clone(&past),
        };
        let following = follower.follow(readiness.component("live"));
        tasks.spawn("live tail", until(tasks.stopping(), following));
        let live = Self {
            hub,
            past,
            counts: Counts::default(),
            heartbeats: Heartbeats::default(),
            open,
            draining: draining.child_token(),
        };
        tasks.spawn("live subscriptions", live.clone().drain(tasks.stopping()));
        live
    }

    /// Follows nothing.
    #[cfg(test)]
    pub(crate) fn idle() -> Self {
        let open = TaskTracker::new();
        Self {
            hub: Arc::default(),
            past: Arc::new(Past::new(None, open.clone(), HOLDING_MAX)),
            counts: Counts::default(),
            heartbeats: Heartbeats::default(),
            open,
            draining: CancellationToken::new(),
        }
    }

    /// Tells `words` to who is admitted.
    fn serve<W: Words + 'static>(&self, transport: Transport, words: W, stay: Stay) -> Response {
        let (draining, open) = (self.draining.clone(), self.open.token());
        let Heartbeats { pings, events } = self.heartbeats;
        match transport {
            Transport::WebSocket(upgrade, slot) => upgrade.on_upgrade(async move |socket| {
                socket::serve(socket, words, stay, draining, every(pings)).await;
                drop((open, slot));
            }),
            Transport::Events => sse::serve(words, stay, draining, open, every(events)),
        }
    }

    /// Ends when the process stops and every subscriber has been told so.
    async fn drain(self, stopping: CancellationToken) {
        stopping.cancelled().await;
        self.draining.cancel();
        self.open.close();
        self.open.wait().await;
    }
}

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(http::of_link))
        .routes(routes!(http::of_workspace))
        .routes(routes!(http::totals_of_link))
}
