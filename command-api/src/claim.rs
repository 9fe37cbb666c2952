//! Claims: messages that make a value unique, and say who holds it.

use events::Subject;
use futures::{StreamExt, TryStreamExt, stream};
use nats::{Broker, ReadError, StoredMessage};
use serde::{Deserialize, Serialize};

/// Claims that are looked up at once.
const LOOKUPS_MAX: usize = 32;

/// A claim's body.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claim {
    /// The subject of the aggregate that holds the value; none when it was given up.
    pub(crate) holder: Option<String>,
}

/// A value's claims, as far as the next one is concerned.
pub(crate) enum Standing {
    /// Nobody holds it; the last message, if any, has this sequence.
    Free { sequence: u64 },
    /// Somebody holds it, or nobody can tell who.
    Held {
        holder: Option<Subject>,
        sequence: u64,
    },
}

/// What stands under each value.
pub(crate) async fn look(
    broker: &Broker,
    values: Vec<Subject>,
) -> Result<Vec<Option<StoredMessage>>, ReadError> {
    let looking =
        stream::iter(values).map(|value| async move { broker.last_from_leader(&value).await });
    looking.buffered(LOOKUPS_MAX).try_collect().await
}

/// Who holds the value, by its subject's last message.
pub(crate) fn standing(last: Option<&StoredMessage>) -> Standing {
    let Some(last) = last else {
        return Standing::Free { sequence: 0 };
    };
    let sequence = last.position.sequence;
    match serde_json::from_slice::<Claim>(&last.body) {
        Ok(Claim { holder: None }) => Standing::Free { sequence },
        Ok(Claim {
            holder: Some(holder),
        }) => Standing::Held {
            holder: holder.parse().ok(),
            sequence,
        },
        // What cannot be read is taken: another's value must not be given away.
        Err(_) => Standing::Held {
            holder: None,
            sequence,
        },
    }
}

/// Who holds the value; `None` if nobody does.
pub(crate) fn holder(last: &StoredMessage) -> Option<Subject> {
    match standing(Some(last)) {
        Standing::Held { holder, .. } => holder,
        Standing::Free { .. } => None,
    }
}
