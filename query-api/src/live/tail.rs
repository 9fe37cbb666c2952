//! Following CLICKS from now on.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use events::{StreamName, Timestamp};
use nats::{Broker, ReadError, Start, StreamState};
use service::health::Component;
use service::problem::Chain;
use service::world;

use super::cursor::{Cursor, Log};
use super::hub::{Doubt, Hub};
use super::message::Message;
use super::past::Past;
use super::repeats::Repeats;

/// What is taken from the broker's deliveries at once.
const MESSAGES_MAX: usize = 256;
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// Between two attempts to begin, or to ask.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// Of what was stored so shortly before, the headers are looked through first: what comes again comes soon.
const LOOKED_THROUGH: Duration = Duration::from_mins(1);

/// Follows the log for all subscribers.
pub(super) struct Follower {
    pub(super) broker: Broker,
    pub(super) hub: Arc<Hub>,
    pub(super) past: Arc<Past>,
}

impl Follower {
    /// Feeds the hub for ever.
    ///
    /// The tail outlives the broker's restarts by itself; it ends only where the log is another one than before.
    pub(super) async fn follow(self, component: Component) -> ! {
        loop {
            let Err(error) = self.feed(&component).await;
            tracing::error!(error = %Chain(&error), "cannot follow the clicks; beginning anew");
            component.down("the clicks cannot be followed");
            tokio::time::sleep(RETRY_DELAY).await;
        }
    }

    async fn feed(&self, component: &Component) -> Result<Infallible, ReadError> {
        let state = self.past.state().await?;
        let position = Cursor::behind(Log::of(state.incarnation), state.last_sequence);
        let start = Start::Sequence(position.next_sequence());
        let mut tail = self.broker.tail(StreamName::Clicks, start).await?;
        let repeats = self.look_through(&state).await?;
        self.past.forget();
        self.hub.begin(position, repeats);
        component.up();
        loop {
            for stored in tail.next_batch(MESSAGES_MAX, BYTES_MAX).await? {
                let Some(message) = Message::of(&stored) else {
                    continue;
                };
                if let Err(doubt) = self.hub.deliver(&message) {
                    self.settle(&message, doubt).await?;
                }
            }
        }
    }

    /// What came shortly before.
    async fn look_through(&self, state: &StreamState) -> Result<Repeats, ReadError> {
        let since = Timestamp::new(world::now().odt() - LOOKED_THROUGH);
        let mut repeats = Repeats::since(since);
        if state.messages > 0 {
            let note = |stored: &_| {
                if let Some(message) = Message::of(stored) {
                    message.note(&mut repeats);
                }
            };
            let end = state.last_sequence;
            self.broker
                .skim(StreamName::Clicks, None, since, end, note)
                .await?;
        }
        Ok(repeats)
    }

    /// Asks the log, for as long as it takes, unless it is another one by now: nothing may overtake the message.
    async fn settle(&self, message: &Message<'_>, doubt: Doubt) -> Result<(), ReadError> {
        loop {
            match self.past.largest_before(message, doubt.since).await {
                Ok(largest) => {
                    self.hub.settle(message, largest);
                    return Ok(());
                }
                Err(error @ ReadError::Diverged(_)) => return Err(error),
                Err(error) => {
                    tracing::warn!(error = %Chain(&error), "cannot tell yet whether clicks came again");
                    tokio::time::sleep(RETRY_DELAY).await;
                }
            }
        }
    }
}
