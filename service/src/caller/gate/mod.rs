//! The gate that every caller passes: is the credential ours, in time, and not revoked?
//!
//! What was revoked is heard from the log, by every process for itself; no database is asked.

mod follow;
mod keys;
mod refusal;
mod watch;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use events::Timestamp;
use events::core::Scope;
use nats::Broker;
use tokio::time::Instant;

use self::keys::Keys;
pub use self::refusal::Refusal;
pub use self::watch::Watched;
use self::watch::Watchers;
use super::api_key::PREFIX;
use super::revocations::Revocations;
use super::{ApiKey, Caller, LEEWAY_SECONDS, Tokens};
use crate::health::Readiness;
use crate::shutdown::Tasks;

/// How long credentials are believed after the log was last heard: "refused within a second" holds without it, too.
const DEAF_MAX: Duration = Duration::from_secs(1);
/// How much longer than a token's life a revocation is remembered, since clocks differ.
const MARGIN: Duration = Duration::from_secs(2 * LEEWAY_SECONDS.unsigned_abs());

/// Admits callers. Cheap to clone.
#[derive(Clone)]
pub struct Gate(Arc<Parts>);

struct Parts {
    tokens: Tokens,
    keys: Option<Keys>,
    heard: RwLock<Heard>,
    watchers: Watchers,
}

/// What was heard from the log.
struct Heard {
    revocations: Revocations,
    /// Since when nothing can be heard; `None` while the log is followed.
    deaf_since: Option<Instant>,
}

impl Gate {
    /// A gate that follows the log; until it has heard what matters, it admits nobody.
    pub fn follow(tokens: Tokens, broker: Broker, readiness: &Readiness, tasks: &Tasks) -> Self {
        let keys = Keys::new(broker.clone());
        let gate = Self::new(tokens, Some(keys), Instant::now().checked_sub(DEAF_MAX));
        let component = readiness.component("revocations");
        let following = follow::follow(gate.clone(), broker, component);
        tasks.spawn_until_stopped("revocations", following);
        gate
    }

    /// A gate that hears of no revocation and knows no API key: for tests of what stands behind it.
    pub fn deaf(tokens: Tokens) -> Self {
        Self::new(tokens, None, None)
    }

    fn new(tokens: Tokens, keys: Option<Keys>, deaf_since: Option<Instant>) -> Self {
        let lifetime = tokens.lifetime().max(keys::REMEMBERED) + MARGIN;
        let lifetime = lifetime.try_into().unwrap_or(time::Duration::MAX);
        Self(Arc::new(Parts {
            tokens,
            keys,
            heard: RwLock::new(Heard {
                revocations: Revocations::new(lifetime),
                deaf_since,
            }),
            watchers: Watchers::default(),
        }))
    }

    /// What signs and reads access tokens.
    pub fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    /// Who shows this credential, if it is good at `now`, and if an API key has `scope`.
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
        if self.has_revoked(&caller)? {
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
        let keys = self.0.keys.as_ref().ok_or(Refusal::UnknownKey)?;
        let mut standing = keys.standing(&key, now).await?;
        if self.has_revoked(&standing.caller)? {
            // What was remembered is out of date; the log itself is not.
            keys.forget(&key);
            standing = keys.standing(&key, now).await?;
        }
        let caller = standing.admit(&key, scope, now)?;
        keys.tell_of_use(&standing, &key, now).await;
        Ok(caller)
    }

    fn has_revoked(&self, caller: &Caller) -> Result<bool, Refusal> {
        let heard = self.0.heard.read().unwrap_or_else(PoisonError::into_inner);
        let is_deaf = heard
            .deaf_since
            .is_some_and(|since| since.elapsed() >= DEAF_MAX);
        if is_deaf {
            return Err(Refusal::Deaf);
        }
        Ok(heard.revocations.has_revoked(caller))
    }

    /// Tells when the caller's credential is revoked, for whoever serves the caller for longer than a request.
    pub fn watch(&self, caller: &Caller) -> Watched {
        let watched = self.0.watchers.watch(self.clone(), caller.clone());
        // It may have been revoked since it was admitted.
        if matches!(self.has_revoked(caller), Ok(true)) {
            watched.revoke();
        }
        watched
    }
}
