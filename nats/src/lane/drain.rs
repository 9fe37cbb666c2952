//! From the spool to the broker: the oldest first, each until it is acknowledged.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::blocking::blocking;
use super::message::of_entry;
use crate::retry::Pauses;
use crate::spool::{Ledger, Oldest, Reader};
use crate::{Broker, RequestError};

/// Messages of one atomic batch: enough that the drain is many times faster than visitors fill the spool.
const MESSAGES_MAX: usize = 256;
const PAUSE_FIRST: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(500);

pub(super) struct Drain {
    broker: Broker,
    ledger: Arc<Ledger>,
    /// Away while it reads.
    reader: Option<Reader>,
}

impl Drain {
    pub(super) const fn new(broker: Broker, ledger: Arc<Ledger>, reader: Reader) -> Self {
        Self {
            broker,
            ledger,
            reader: Some(reader),
        }
    }

    /// Drains whatever comes into the spool; ends once nothing comes any more and it is empty or the broker is away.
    pub(super) async fn run(mut self, is_over: &CancellationToken) {
        let mut pauses = Pauses::new(PAUSE_FIRST, PAUSE_MAX);
        let mut messages_max = MESSAGES_MAX;
        loop {
            let oldest = self.read(move |reader| reader.oldest(messages_max)).await;
            if oldest.entries.is_empty() {
                if is_over.is_cancelled() {
                    return;
                }
                tokio::select! {
                    () = self.ledger.grown() => {}
                    () = is_over.cancelled() => {}
                }
                continue;
            }
            if !self.is_connected(is_over).await {
                return;
            }
            match self.send(&oldest).await {
                Ok(()) => {
                    self.read(move |reader| reader.advance(&oldest)).await;
                    pauses = Pauses::new(PAUSE_FIRST, PAUSE_MAX);
                    messages_max = MESSAGES_MAX;
                }
                Err(_) if is_over.is_cancelled() => return,
                Err(error) => {
                    tracing::warn!(%error, messages = oldest.entries.len(), "draining the spool again");
                    // Whether it is back is tried with one: what it took and didn't acknowledge it gets twice.
                    messages_max = 1;
                    pauses.pause().await;
                }
            }
        }
    }

    async fn read<T: Default + Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Reader) -> T + Send + 'static,
    ) -> T {
        let Some(mut reader) = self.reader.take() else {
            return T::default();
        };
        let (reader, done) = blocking(move || {
            let done = work(&mut reader);
            (reader, done)
        })
        .await;
        self.reader = Some(reader);
        done
    }

    /// Waits for the connection, unless all is over.
    async fn is_connected(&self, is_over: &CancellationToken) -> bool {
        let mut connection = self.broker.connection();
        tokio::select! {
            biased;
            back = connection.wait_for(|connection| connection.is_up) => back.is_ok(),
            () = is_over.cancelled() => false,
        }
    }

    /// All of them are stored, in their order, or none is.
    ///
    /// Without that a later one could be stored though an earlier one was refused, which would then count as known.
    async fn send(&self, oldest: &Oldest) -> Result<(), RequestError> {
        let messages: Vec<_> = oldest.entries.iter().map(of_entry).collect();
        let Some((last, before)) = messages.split_last() else {
            return Ok(());
        };
        self.broker.send(before, last).await?;
        Ok(())
    }
}
