//! How long a subscriber may stay: as long as the credential that it came in with is good.

use std::time::Duration;

use events::Timestamp;
use service::caller::{Caller, Gate, Watched};
use tokio::time::{Instant, sleep_until};

/// A subscriber's leave to stay.
pub(super) struct Stay {
    /// `None` if the credential never expires.
    ends_at: Option<Instant>,
    watched: Watched,
}

/// Why a subscriber may not stay any longer.
#[derive(Clone, Copy)]
pub(super) enum Over {
    /// The credential has expired.
    Expired,
    /// The credential was revoked, or what the caller may do has changed.
    Revoked,
}

impl Stay {
    /// Of a caller who was admitted at `now`.
    pub(super) fn of(caller: &Caller, gate: &Gate, now: Timestamp) -> Self {
        let left = caller.ends_at().map(|end| {
            let left = end.odt() - now.odt();
            Duration::try_from(left).unwrap_or(Duration::ZERO)
        });
        Self {
            ends_at: left.and_then(|left| Instant::now().checked_add(left)),
            watched: gate.watch(caller),
        }
    }

    /// Ends when the subscriber must go.
    pub(super) async fn over(&self) -> Over {
        let expired = async {
            match self.ends_at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = expired => Over::Expired,
            () = self.watched.revoked() => Over::Revoked,
        }
    }
}
