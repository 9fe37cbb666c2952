//! Counting uses against their limits.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use events::Timestamp;
use nats::Broker;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use super::ledger::{Ledger, Spent};
use super::{Limit, Limits};
use crate::client_address::TrustedProxies;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::world;

/// How long a request waits for a count; the broker takes about a millisecond, and an outage must not add to itself.
const COUNT_WAIT_MAX: Duration = Duration::from_millis(250);

/// Makes of a label and a value a name that tells nobody the value.
type Blind = dyn Fn(&str, &str) -> String + Send + Sync;

/// Counts uses in the broker, for all replicas together. Cheap to clone.
#[derive(Clone)]
pub struct Limiter(Arc<Parts>);

struct Parts {
    broker: Broker,
    limits: Limits,
    proxies: TrustedProxies,
    blind: Box<Blind>,
    refused: Family<Label, Counter>,
    uncounted: Family<Label, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Label {
    limit: &'static str,
}

impl Limiter {
    /// `blind` makes of a label and a value base64url that tells nobody the value, the same in every replica.
    pub fn new(
        broker: Broker,
        limits: Limits,
        proxies: TrustedProxies,
        metrics: &Metrics,
        blind: impl Fn(&str, &str) -> String + Send + Sync + 'static,
    ) -> Self {
        let parts = Parts {
            broker,
            limits,
            proxies,
            blind: Box::new(blind),
            refused: Family::default(),
            uncounted: Family::default(),
        };
        metrics.register(|registry| {
            let refused = "Requests refused by a rate limit";
            registry.register("rate_limit_refused", refused, parts.refused.clone());
            let uncounted = "Requests let through since the broker did not count them";
            registry.register("rate_limit_uncounted", uncounted, parts.uncounted.clone());
        });
        Self(Arc::new(parts))
    }

    /// Uses a limit once, in the name of an account, as one spelling of it; 429 `too_many_requests` beyond the quota.
    ///
    /// If the broker doesn't count it in time the request goes on: a limit alone must not be an outage.
    /// The answer tells of it if this is called in the request's own task, not in one that was spawned.
    pub async fn spend(&self, limit: Limit, account: &str) -> Result<(), Problem> {
        self.spend_at(limit, account, 1, world::now()).await
    }

    /// As [`Limiter::spend`], for a request that does so many at once; one that is refused has used them all the same.
    pub async fn spend_many(&self, limit: Limit, account: &str, uses: u32) -> Result<(), Problem> {
        self.spend_at(limit, account, uses, world::now()).await
    }

    /// How much of a limit work that can wait takes at once: half of its quota; `None` if it isn't limited.
    pub fn share(&self, limit: Limit) -> Option<u32> {
        let quota = self.0.limits.policy(limit)?.quota;
        Some((quota / 2).max(1))
    }

    /// Uses a limit for work that can wait, up to a [`Limiter::share`] at once; or how long to wait, without using it.
    ///
    /// A fifth of each window is left to those who do not wait.
    pub async fn pace(&self, limit: Limit, account: &str, uses: u32) -> Option<Duration> {
        let before = self.used(limit, account, 0, world::now()).await?;
        let room = before.policy.quota - before.policy.quota / 5;
        if before.used > 0 && before.used + u64::from(uses) > u64::from(room) {
            return Some(Duration::from_secs(before.left_s.into()));
        }
        // Who is faster in between makes the window at most a share fuller than it should be.
        self.used(limit, account, uses, world::now()).await;
        None
    }

    pub(super) async fn spend_at(
        &self,
        limit: Limit,
        name: &str,
        uses: u32,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let Some(spent) = self.used(limit, name, uses, now).await else {
            return Ok(());
        };
        Ledger::note(spent);
        spent.within_quota().inspect_err(|_| {
            let label = Label {
                limit: limit.as_str(),
            };
            self.0.refused.get_or_create(&label).inc();
        })
    }

    /// How it stands after these uses; nobody knows if it isn't limited, or the broker doesn't count.
    async fn used(&self, limit: Limit, name: &str, uses: u32, now: Timestamp) -> Option<Spent> {
        let parts = &*self.0;
        let policy = parts.limits.policy(limit)?;
        let (window, left_s) = policy.window(now.odt().unix_timestamp());
        let Some(used) = self.count(limit, name, window, uses).await else {
            let label = Label {
                limit: limit.as_str(),
            };
            parts.uncounted.get_or_create(&label).inc();
            return None;
        };
        Some(Spent {
            limit,
            policy,
            used,
            left_s,
        })
    }

    async fn count(&self, limit: Limit, name: &str, window: u64, uses: u32) -> Option<u64> {
        let (limit, parts) = (limit.as_str(), &*self.0);
        let key = (parts.blind)(limit, name);
        let counting = parts.broker.count(limit, &key, window, uses);
        match tokio::time::timeout(COUNT_WAIT_MAX, counting).await {
            Ok(Ok(total)) => return Some(total),
            Ok(Err(error)) => tracing::warn!(limit, %error, "a request is not counted"),
            Err(_) => tracing::warn!(limit, "a request is not counted in time"),
        }
        None
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(super) fn proxies(&self) -> &TrustedProxies {
        &self.0.proxies
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Limiter").field(&self.0.limits).finish()
    }
}
