//! Knowing when a tail has given out all that its stream held when it was opened.

use std::time::Duration;

use events::StreamName;

use crate::message::StoredMessage;
use crate::{Broker, ReadError, Tail};

/// How long a tail that has not caught up goes without a message until the leader is asked whether there is one.
///
/// The last messages may be claims that expire while they are waited for.
const DOUBT_AFTER: Duration = Duration::from_millis(500);

impl Tail {
    /// As [`Tail::next_batch`], until everything has been given out that the stream held when the tail was opened:
    /// then `None`, again and again.
    ///
    /// What came later may be among it. Whoever has taken in what came before the first `None` knows all that stood
    /// there at the beginning, and goes on with [`Tail::next_batch`].
    pub async fn catch_up(
        &mut self,
        messages_max: usize,
        bytes_max: usize,
    ) -> Result<Option<Vec<StoredMessage>>, ReadError> {
        if self.has_caught_up() {
            return Ok(None);
        }
        let nothing_left = nothing_left(
            self.broker.clone(),
            self.stream,
            self.read.sequence,
            self.end_at_start,
        );
        tokio::select! {
            biased;
            batch = self.next_batch(messages_max, bytes_max) => batch.map(Some),
            () = nothing_left => {
                self.end_at_start = self.read.sequence;
                Ok(None)
            }
        }
    }

    /// Whether everything has been given out that the stream held when the tail was opened.
    ///
    /// May stay `false` if the last of it expires: only [`Tail::catch_up`] finds that out.
    pub const fn has_caught_up(&self) -> bool {
        self.read.sequence >= self.end_at_start
    }
}

/// Waits until the stream's leader holds no message behind `read` that stood before `end`.
async fn nothing_left(broker: Broker, stream: StreamName, read: u64, end: u64) {
    loop {
        tokio::time::sleep(DOUBT_AFTER).await;
        let next = broker.first_kept(stream, read + 1).await;
        if next.is_ok_and(|next| next.is_none_or(|next| next > end)) {
            return;
        }
    }
}
