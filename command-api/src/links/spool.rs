//! What is told of the clicks that wait for the broker: figures, and whether somebody must see to them.

use std::fmt::{self, Debug, Formatter};
use std::time::Duration;

use nats::{ClickLane, SpoolFigures};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use service::health::Component;
use service::metrics::Metrics;
use service::world;
use tokio::time::Instant;

/// Between two looks at the spool.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long clicks that were dropped are told of.
const DROPPED_TOLD_FOR: Duration = Duration::from_mins(1);

/// Adds the spool's figures, which are read when they are asked for.
pub(crate) fn register(metrics: &Metrics, lane: &ClickLane) {
    let figures = Figures(lane.clone());
    metrics.register(|registry| registry.register_collector(Box::new(figures)));
}

struct Figures(ClickLane);

impl Debug for Figures {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.spool().fmt(f)
    }
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let figures = self.0.spool();
        let mut add = |name, help, metric: &dyn Figure| metric.add(&mut encoder, name, help);
        add(
            "click_spool_bytes",
            "Disk that clicks take that wait for the broker",
            &ConstGauge::new(figures.bytes),
        )?;
        add(
            "click_spool_bytes_max",
            "Disk that they may take",
            &ConstGauge::new(figures.bytes_max),
        )?;
        add(
            "click_spool_messages",
            "Messages of clicks that wait for the broker",
            &ConstGauge::new(figures.messages),
        )?;
        add(
            "click_spool_clicks",
            "Clicks that wait for the broker",
            &ConstGauge::new(figures.clicks),
        )?;
        add(
            "click_spool_oldest_seconds",
            "Age of the click that waits longest; 0 if none does",
            &ConstGauge::new(age_seconds(&figures)),
        )?;
        add(
            "clicks_drained",
            "Clicks that waited and are in the log now",
            &ConstCounter::new(figures.drained_clicks),
        )?;
        add(
            "clicks_dropped",
            "Clicks that found no place in the spool, their visitors led on all the same",
            &ConstCounter::new(figures.dropped_clicks),
        )?;
        add(
            "click_spool_damaged",
            "Segments of the spool that were set aside since they cannot be read to their end",
            &ConstCounter::new(figures.damaged_segments),
        )
    }
}

/// Counters and gauges alike.
trait Figure {
    fn add(&self, to: &mut DescriptorEncoder, name: &str, help: &str) -> fmt::Result;
}

impl<M: EncodeMetric> Figure for M {
    fn add(&self, to: &mut DescriptorEncoder, name: &str, help: &str) -> fmt::Result {
        self.encode(to.encode_descriptor(name, help, None, self.metric_type())?)
    }
}

fn age_seconds(figures: &SpoolFigures) -> u64 {
    let now = world::now().odt().unix_timestamp();
    let oldest = figures.oldest_ms.map(|ms| ms / 1_000);
    oldest.map_or(0, |oldest| {
        u64::try_from(now)
            .unwrap_or_default()
            .saturating_sub(oldest)
    })
}

/// Tells how the spool fares for as long as it is polled; redirects go on in any case.
#[expect(clippy::infinite_loop, reason = "runs until it is dropped")]
pub(crate) async fn watch(lane: ClickLane, component: Component) {
    let (mut dropped, mut dropped_at) = (0, None);
    loop {
        let figures = lane.spool();
        if figures.dropped_clicks > dropped {
            (dropped, dropped_at) = (figures.dropped_clicks, Some(Instant::now()));
        }
        let is_dropping = dropped_at.is_some_and(|at| at.elapsed() < DROPPED_TOLD_FOR);
        match concern(&figures, is_dropping) {
            Some(reason) => component.degraded(reason),
            None => component.up(),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What somebody must see to, the worst first.
fn concern(figures: &SpoolFigures, is_dropping: bool) -> Option<String> {
    let SpoolFigures {
        clicks,
        dropped_clicks,
        damaged_segments,
        ..
    } = figures;
    let mut concerns = Vec::new();
    if is_dropping {
        concerns.push(format!(
            "it is full, or its disk takes nothing: {dropped_clicks} clicks were dropped since the start"
        ));
    }
    if *damaged_segments > 0 {
        concerns.push(format!(
            "{damaged_segments} segments are damaged and were set aside"
        ));
    }
    if *clicks > 0 {
        concerns.push(format!("{clicks} clicks wait for the broker"));
    }
    (!concerns.is_empty()).then(|| concerns.join("; "))
}

#[cfg(test)]
mod tests {
    use nats::SpoolFigures;

    use super::concern;

    #[test]
    fn an_empty_spool_concerns_nobody_and_the_worst_is_told_first() {
        let empty = SpoolFigures::default();
        assert_eq!(concern(&empty, false), None);
        let waiting = SpoolFigures {
            clicks: 3,
            dropped_clicks: 2,
            damaged_segments: 1,
            ..empty
        };
        assert_eq!(
            concern(&waiting, false).unwrap(),
            "1 segments are damaged and were set aside; 3 clicks wait for the broker"
        );
        let told = concern(&waiting, true).unwrap();
        assert!(
            told.starts_with("it is full, or its disk takes nothing: 2 clicks were dropped"),
            "{told}"
        );
    }
}
