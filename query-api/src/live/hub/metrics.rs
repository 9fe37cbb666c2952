//! The figures of subscriptions.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Default)]
pub(in crate::live) struct LiveMetrics {
    pub(super) sockets: Gauge,
    pub(super) frames: Counter,
    pub(super) lagged: Counter,
}

impl LiveMetrics {
    pub(in crate::live) fn register(&self, registry: &mut Registry) {
        registry.register("live_sockets", "Open subscriptions", self.sockets.clone());
        registry.register(
            "live_frames",
            "Clicks handed to subscribers",
            self.frames.clone(),
        );
        registry.register(
            "live_lagged",
            "Buffers that overflowed: their subscribers are closed, or read on from the log if they were catching up",
            self.lagged.clone(),
        );
    }
}
