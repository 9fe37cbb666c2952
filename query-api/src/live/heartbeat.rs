//! Signs of life, for who hears nothing else, and for all between.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// How often a subscriber gets a sign of life. It tells where the subscriber is, if no frame did.
#[derive(Clone, Copy)]
pub(super) struct Heartbeats {
    /// How often it is asked over WebSocket whether it is still there.
    pub(super) pings: Duration,
    /// How often an event stream shows that it is alive.
    pub(super) events: Duration,
}

impl Default for Heartbeats {
    fn default() -> Self {
        Self {
            pings: Duration::from_secs(30),
            events: Duration::from_secs(15),
        }
    }
}

/// The first comes after an interval; who is held up over one does not get the next at once.
pub(super) fn every(interval: Duration) -> Interval {
    let mut beats = interval_at(Instant::now() + interval, interval);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beats
}
