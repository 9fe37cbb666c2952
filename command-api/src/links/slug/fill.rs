//! How many links there are, as far as the length of a random slug needs to know.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use events::StreamName;
use nats::{Broker, ReadError};

/// How long an answer holds: the broker is asked once in that time, however many links are made.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// The bound on the number of links that was last heard of, and when.
#[derive(Debug, Default)]
pub(crate) struct Fill(Mutex<Option<(Instant, u64)>>);

impl Fill {
    /// No fewer than there were a second ago, over all domains: each took two messages at least, its claim and its event.
    pub(crate) async fn links_max(&self, broker: &Broker) -> Result<u64, ReadError> {
        if let Some(links) = self.known() {
            return Ok(links);
        }
        let asked = Instant::now();
        let links = broker.stream_state(StreamName::Links).await?.last_sequence / 2;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((asked, links));
        Ok(links)
    }

    fn known(&self) -> Option<u64> {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .filter(|(asked, _)| asked.elapsed() < GOOD_FOR)
            .map(|(_, links)| links)
    }
}
