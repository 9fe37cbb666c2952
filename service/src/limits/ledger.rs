//! What a request has spent of its limits, from where it spends it to its answer's headers.

use std::sync::{Arc, Mutex, PoisonError};

use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::{Limit, Policy};
use crate::problem::Problem;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

tokio::task_local! {
    static LEDGER: Ledger;
}

/// One use of a limit, and how the limit stands behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) limit: Limit,
    pub(super) policy: Policy,
    /// How often it was used in this window, this time included.
    pub(super) used: u64,
    /// Seconds until the window ends, at least 1.
    pub(super) left_s: u32,
}

impl Spent {
    /// `Ok` if the quota had room for this use.
    pub(super) fn within_quota(self) -> Result<(), Problem> {
        if self.used > u64::from(self.policy.quota) {
            let (limit, left_s) = (self.limit.as_str(), self.left_s);
            let Policy { quota, window_s } = self.policy;
            let detail = format!("{limit}: {quota} in {window_s} s; try again in {left_s} s");
            return Err(Problem::too_many_requests(left_s).detail(detail));
        }
        Ok(())
    }

    fn remaining(self) -> u64 {
        u64::from(self.policy.quota).saturating_sub(self.used)
    }
}

/// All that one request spends.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<Vec<Spent>>>);

impl Ledger {
    /// Writes down what the request that this task answers has spent; nowhere if its route has no limits.
    pub(super) fn note(spent: Spent) {
        // No ledger means no headers to tell it in.
        LEDGER.try_with(|it| it.add(spent)).unwrap_or_default();
    }

    /// Answers a request that spends into this ledger.
    pub(super) async fn scope<T>(&self, answer: impl Future<Output = T>) -> T {
        LEDGER.scope(self.clone(), answer).await
    }

    /// Of one limit only the last use is told.
    fn add(&self, spent: Spent) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|it| it.limit != spent.limit);
        all.push(spent);
    }

    /// Tells what the limits are, and how those stand that were spent (draft-ietf-httpapi-ratelimit-headers-11).
    pub(super) fn tell(&self, policies: &[(Limit, Policy)], headers: &mut HeaderMap) {
        let policies = policies.iter().map(|(limit, policy)| {
            let (name, quota, window_s) = (limit.as_str(), policy.quota, policy.window_s);
            format!("\"{name}\";q={quota};w={window_s}")
        });
        insert(headers, RATE_LIMIT_POLICY, policies);
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let spent = all.iter().map(|it| {
            let (name, remaining, left_s) = (it.limit.as_str(), it.remaining(), it.left_s);
            format!("\"{name}\";r={remaining};t={left_s}")
        });
        insert(headers, RATE_LIMIT, spent);
    }
}

/// An empty list is told by no header (RFC 9651, section 3.1).
fn insert(headers: &mut HeaderMap, name: HeaderName, items: impl Iterator<Item = String>) {
    let list = items.collect::<Vec<_>>().join(", ");
    if let (false, Ok(value)) = (list.is_empty(), HeaderValue::try_from(list)) {
        headers.insert(name, value);
    }
}
