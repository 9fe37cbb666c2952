//! What the projections tell Prometheus.

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use service::metrics::Metrics;

type Labels = [(&'static str, &'static str); 1];
type Histograms = Family<Labels, Histogram, fn() -> Histogram>;

/// The metrics of all projections.
#[derive(Clone)]
pub(crate) struct ProjectionMetrics {
    position: Family<Labels, Gauge>,
    lag: Family<Labels, Gauge>,
    parked: Family<Labels, Gauge>,
    diverged: Family<Labels, Gauge>,
    batch_messages: Histograms,
    commit_seconds: Histograms,
}

/// The metrics of one projection.
pub(crate) struct Gauges {
    pub(crate) position: Gauge,
    pub(crate) lag: Gauge,
    pub(crate) parked: Gauge,
    pub(crate) diverged: Gauge,
    pub(crate) batch_messages: Histogram,
    pub(crate) commit_seconds: Histogram,
}

impl ProjectionMetrics {
    /// Makes and registers them.
    pub(crate) fn registered(metrics: &Metrics) -> Self {
        let all = Self {
            position: Family::default(),
            lag: Family::default(),
            parked: Family::default(),
            diverged: Family::default(),
            batch_messages: Family::new_with_constructor(|| {
                Histogram::new(exponential_buckets(1.0, 4.0, 6))
            }),
            commit_seconds: Family::new_with_constructor(|| {
                Histogram::new(exponential_buckets(0.000_5, 4.0, 8))
            }),
        };
        metrics.register(|registry| {
            registry.register(
                "projection_position",
                "Sequence read and stored",
                all.position.clone(),
            );
            registry.register(
                "projection_lag",
                "Messages that wait to be read",
                all.lag.clone(),
            );
            registry.register("projection_parked", "Events set aside", all.parked.clone());
            registry.register(
                "projection_diverged",
                "1 when the log is not the one that was read",
                all.diverged.clone(),
            );
            registry.register(
                "projection_batch_messages",
                "Messages in a transaction",
                all.batch_messages.clone(),
            );
            registry.register(
                "projection_commit_seconds",
                "Time from a transaction's begin to its commit",
                all.commit_seconds.clone(),
            );
        });
        all
    }

    /// Those of one projection.
    pub(crate) fn of(&self, projection: &'static str) -> Gauges {
        let labels = [("projection", projection)];
        Gauges {
            position: self.position.get_or_create_owned(&labels),
            lag: self.lag.get_or_create_owned(&labels),
            parked: self.parked.get_or_create_owned(&labels),
            diverged: self.diverged.get_or_create_owned(&labels),
            batch_messages: self.batch_messages.get_or_create_owned(&labels),
            commit_seconds: self.commit_seconds.get_or_create_owned(&labels),
        }
    }
}
