//! A route's limits: by client address before its handler, and told with every answer.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use events::Timestamp;

use super::ledger::Ledger;
use super::limit::counted_as;
use super::{Limit, Limiter, Policy};
use crate::problem::Problem;
use crate::world;

/// The limits of one route, for [`limit`].
#[derive(Debug, Clone)]
pub struct Limited {
    limiter: Limiter,
    by_address: Option<Limit>,
    policies: Vec<(Limit, Policy)>,
}

impl Limiter {
    /// The limits of a route: `by_address` is spent before its handler, and `by_account` within it.
    pub fn of_route(&self, by_address: Limit, by_account: Limit) -> Limited {
        self.limited(Some(by_address), &[by_address, by_account])
    }

    /// The limit of a route that asks for a credential: it is spent within its handler, in the name of who calls.
    pub fn of_callers(&self, limit: Limit) -> Limited {
        self.limited(None, &[limit])
    }

    fn limited(&self, by_address: Option<Limit>, limits: &[Limit]) -> Limited {
        let policy = |limit: &Limit| Some((*limit, self.limits().policy(*limit)?));
        Limited {
            limiter: self.clone(),
            by_address,
            policies: limits.iter().filter_map(policy).collect(),
        }
    }
}

impl Limited {
    pub(super) async fn answer(&self, request: Request, next: Next, now: Timestamp) -> Response {
        let client = self.limiter.proxies().client(&request);
        let ledger = Ledger::default();
        let answer = async {
            match self.admit(client, now).await {
                Ok(()) => next.run(request).await,
                Err(problem) => problem.into_response(),
            }
        };
        let mut response = ledger.scope(answer).await;
        ledger.tell(&self.policies, response.headers_mut());
        response
    }

    /// A request that came over no connection is nobody's.
    async fn admit(&self, client: Option<IpAddr>, now: Timestamp) -> Result<(), Problem> {
        let (Some(limit), Some(client)) = (self.by_address, client) else {
            return Ok(());
        };
        let name = counted_as(client);
        self.limiter.spend_at(limit, &name, 1, now).await
    }
}

/// Middleware, with [`Limited`] as its state: counts by client address where that is limited, and adds `RateLimit-Policy` and `RateLimit` to
/// every answer, with what the handler spends.
pub async fn limit(State(limited): State<Limited>, request: Request, next: Next) -> Response {
    limited.answer(request, next, world::now()).await
}
