//! Keeping the directory true: what the tail of LINKS tells of is in it within milliseconds.

use std::time::Duration;

use events::StreamName;
use nats::{Broker, ReadError, Start, Tail};

use super::Directory;

/// How long a tail that broke is left alone.
const REOPEN_AFTER: Duration = Duration::from_secs(1);
/// Messages of the tail that are looked at together; they come without bodies.
const TAIL_MESSAGES_MAX: usize = 1_000;

/// Opens the tail that keeps a directory true from now on; it says what was written to, which is enough.
pub(crate) async fn open_tail(broker: &Broker) -> Result<Tail, ReadError> {
    broker.tail_of_headers(StreamName::Links, Start::New).await
}

/// Keeps the directory true for as long as it is polled.
#[expect(clippy::infinite_loop, reason = "runs until it is dropped")]
pub(crate) async fn follow(directory: Directory, broker: Broker, mut tail: Tail) {
    loop {
        let error = listen(&directory, &mut tail).await;
        tracing::warn!(%error, "the tail of LINKS broke; reading it anew");
        tail = reopen(&broker).await;
        // What happened in between was not heard.
        directory.forget();
    }
}

async fn listen(directory: &Directory, tail: &mut Tail) -> ReadError {
    loop {
        match tail.next_batch(TAIL_MESSAGES_MAX, usize::MAX).await {
            Ok(batch) => {
                let subjects = batch.iter().filter_map(|it| it.subject.as_ref());
                subjects.for_each(|subject| directory.tell(subject));
            }
            Err(error) => return error,
        }
    }
}

async fn reopen(broker: &Broker) -> Tail {
    loop {
        match open_tail(broker).await {
            Ok(tail) => return tail,
            Err(error) => tracing::warn!(%error, "the tail of LINKS could not be opened"),
        }
        tokio::time::sleep(REOPEN_AFTER).await;
    }
}
