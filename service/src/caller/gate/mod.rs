//! The gate that every caller passes: is the credential ours, in time, and not revoked?
//!
//! What was revoked is heard from the log, by every process for itself; no database is asked.

mod follow;
mod fresh;
mod keys;
mod refusal;
mod standing;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use events::Timestamp;
use events::core::Scope;
use nats::Broker;

use self::fresh::Freshness;
use self::keys::Keys;
pub use self::refusal::Refusal;
pub use self::watch::Watched;
use self::watch::Watchers;
use super::api_key::PREFIX;
use super::revocations::Revocations;
use super::{ApiKey, Caller, LEEWAY_SECONDS, Tokens};
use crate::health::Readiness;
use crate::shutdown::Tasks;

/// How much longer than a token's life a revocation is remembered, since clocks differ.
const MARGIN: Duration = Duration::from_secs(2 * LEEWAY_SECONDS.unsigned_abs());

/// Admits callers. Cheap to clone.
#[derive(Clone)]
pub struct Gate(Arc<Parts>);

struct Parts {
    tokens: Tokens,
    /// `None` in tests.
    followed: Option<Followed>,
    revocations: RwLock<Revocations>,
    watchers: Watchers,
}

/// What is had from the log.
struct Followed {
    keys: Keys,
    fresh: Freshness,
}

impl Gate {
    /// A gate that follows the log; until it has heard what matters, it admits nobody.
    pub fn follow(tokens: Tokens, broker: Broker, readiness: &Readiness, tasks: &Tasks) -> Self {
        let followed = Followed {
            keys: Keys::new(broker.clone()),
            fresh: Freshness::none(),
        };
        let gate = Self::new(tokens, Some(followed));
        let component = readiness.component("revocations");
        let following = follow::follow(gate.clone(), broker, component);
        tasks.spawn_until_stopped("revocations", following);
        gate
    }

    /// A gate that hears of no revocation and knows no API key: for tests of what stands behind it.
    pub fn deaf(tokens: Tokens) -> Self {
        Self::new(tokens, None)
    }

    fn new(tokens: Tokens, followed: Option<Followed>) -> Self {
        let memory = memory(&tokens).try_into().unwrap_or(time::Duration::MAX);
        Self(Arc::new(Parts {
            tokens,
            followed,
            revocations: RwLock::new(Revocations::new(memory)),
            watchers: Watchers::default(),
        }))
    }

    /// What signs and reads access tokens.
    pub fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    /// Who shows this credential, if it is good at `now`, and if an API key has `scope`.
    ///
    /// Whether it is good is known up to a second ago. If it isn't known, this waits a little, and then refuses.
    pub async fn admit(
        &self,
        credential: &str,
        scope: Option<Scope>,
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        if credential.starts_with(PREFIX) {
            return self.admit_key(credential, scope, now).await;
        }
        let caller = self.0.tokens.verify(credential, now)?;
        if let Some(followed) = &self.0.followed {
            followed.fresh.wait().await?;
        }
        if self.revocations().has_revoked(&caller) {
            return Err(Refusal::Revoked);
        }
        Ok(caller)
    }

    async fn admit_key(
        &self,
        credential: &str,
        scope: Option<Scope>,
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        let key: ApiKey = credential.parse().map_err(|_| Refusal::UnknownKey)?;
        let followed = self.0.followed.as_ref().ok_or(Refusal::UnknownKey)?;
        followed.fresh.wait().await?;
        let keys = &followed.keys;
        let mut standing = keys.standing(&key, now).await?;
        if !standing.is_final() && self.revocations().has_revoked(&standing.caller) {
            // What was remembered is out of date; the log itself is not.
            keys.forget(&key);
            standing = keys.standing(&key, now).await?;
        }
        let caller = standing.admit(&key, scope, now)?;
        keys.tell_of_use(&standing, &key, now).await;
        Ok(caller)
    }

    /// Tells when the caller's credential is revoked, for whoever serves the caller for longer than a request.
    pub fn watch(&self, caller: &Caller) -> Watched {
        let watched = self.0.watchers.watch(self.clone(), caller.clone());
        // It may have been revoked since it was admitted.
        if self.revocations().has_revoked(caller) {
            watched.revoke();
        }
        watched
    }

    fn revocations(&self) -> RwLockReadGuard<'_, Revocations> {
        let revocations = self.0.revocations.read();
        revocations.unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> Duration {
        memory(&self.0.tokens)
    }
}

/// How long a revocation is remembered: as long as anything from before may be believed.
fn memory(tokens: &Tokens) -> Duration {
    tokens.lifetime().max(keys::BELIEVED_MAX) + MARGIN
}
