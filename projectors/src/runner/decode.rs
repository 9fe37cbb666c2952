//! Reading what the messages of a batch say, beside whatever else goes on.

use events::DecodeError;
use nats::StoredMessage;
use tokio::task::yield_now;

use crate::projection::Projection;

/// How much is decoded in one go: a millisecond of work or two, in which Postgres is fed nothing.
const BYTES_AT_A_TIME: usize = 256 * 1024;

/// What a message says; nothing, if it is nothing to the projection.
pub(crate) type Decoded<'m, P> = Result<Option<<P as Projection>::Event<'m>>, DecodeError>;

/// What each of the messages says, in their order.
pub(crate) async fn decode<P: Projection>(messages: &[StoredMessage]) -> Vec<Decoded<'_, P>> {
    let (mut decoded, mut bytes) = (Vec::with_capacity(messages.len()), 0);
    for message in messages {
        decoded.push(P::read(message));
        bytes += message.body.len();
        if bytes >= BYTES_AT_A_TIME {
            bytes = 0;
            yield_now().await;
        }
    }
    decoded
}
