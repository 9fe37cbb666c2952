//! The broker, for a command that does its work and ends.

use std::time::Duration;

use nats::{Broker, ConnectError};
use service::config::Secret;

/// How often it is tried again whether a broker lets us in.
const TRIED_AGAIN_MAX: u32 = 10;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// Connects: a broker that takes its configuration in anew, since readers are added, lets nobody in for some milliseconds.
pub(crate) async fn reach(url: &Secret, name: &str) -> Result<Broker, ConnectError> {
    let mut tried_again = 0;
    loop {
        match Broker::connect(url.expose(), name).await {
            Err(ConnectError::Unreachable(_)) if tried_again < TRIED_AGAIN_MAX => tried_again += 1,
            done => return done,
        }
        tokio::time::sleep(PAUSE).await;
    }
}
