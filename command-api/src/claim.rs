//! Claims: messages that make a value unique, and say who holds it.

use events::Subject;
use nats::StoredMessage;
use serde::{Deserialize, Serialize};

/// A claim's body.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claim {
    /// The subject of the aggregate that holds the value.
    pub(crate) holder: String,
}

/// Who holds the value; `None` if the message is no claim.
pub(crate) fn holder(message: &StoredMessage) -> Option<Subject> {
    let claim: Claim = serde_json::from_slice(&message.body).ok()?;
    claim.holder.parse().ok()
}
