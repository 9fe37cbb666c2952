//! Who asks: the caller that an access token or an API key names, and what the caller may do.

pub mod access;
mod api_key;
mod gate;
mod membership;
mod revocations;
mod tokens;

use axum::extract::{FromRef, FromRequestParts, MatchedPath, RawPathParams};
use events::core::Role;
use events::{Actor, ApiKeyId, SessionId, Timestamp, UserId, WorkspaceId};
use http::Method;
use http::header::AUTHORIZATION;
use http::request::Parts;

use self::access::{Rule, Who};
pub use self::api_key::{ApiKey, PREFIX as API_KEY_PREFIX, hex};
pub use self::gate::{Gate, Refusal, Watched};
pub use self::membership::Membership;
pub use self::tokens::{Grant, LEEWAY_SECONDS, TOKEN_BYTES_MAX, TokenError, Tokens};
use crate::problem::Problem;
use crate::world;

/// Someone whose credential is good, and who may use the route. A handler that takes one cannot be reached without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user; of an API key, its maker.
    pub user: UserId,
    /// The workspace that the credential speaks for.
    pub workspace: WorkspaceId,
    /// What the user may do there.
    pub role: Role,
    /// What the caller showed.
    pub credential: Credential,
    /// When the token was issued, or the key was looked up: what was revoked before is known to it.
    pub issued_at: Timestamp,
    /// When it ceases to be good, if ever.
    pub expires_at: Option<Timestamp>,
    /// What was known of the user and the workspace then: what came later may have revoked it.
    pub seen: Seen,
}

/// What a caller shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// An access token of this session.
    Session(SessionId),
    /// An API key.
    ApiKey(ApiKeyId),
}

/// The sequences of the last events on CORE that were known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Of the user.
    pub user: u64,
    /// Of the workspace.
    pub workspace: u64,
}

impl Caller {
    /// How the caller is named on events.
    pub const fn actor(&self) -> Actor {
        match self.credential {
            Credential::Session(_) => Actor::User(self.user),
            Credential::ApiKey(key) => Actor::ApiKey(key),
        }
    }

    /// The session that the caller's token comes from.
    pub fn session(&self) -> Result<SessionId, Problem> {
        match self.credential {
            Credential::Session(session) => Ok(session),
            Credential::ApiKey(_) => Err(no_keys()),
        }
    }

    /// When the caller is admitted no longer, if ever: later than a token says by what clocks may differ.
    pub fn ends_at(&self) -> Option<Timestamp> {
        let leeway = match self.credential {
            Credential::Session(_) => time::Duration::seconds(LEEWAY_SECONDS),
            Credential::ApiKey(_) => time::Duration::ZERO,
        };
        let expires_at = self.expires_at?;
        Some(Timestamp::new(expires_at.odt().saturating_add(leeway)))
    }

    /// Refuses a caller whose role is below `role`.
    fn require(&self, role: Role) -> Result<(), Problem> {
        if self.role >= role {
            return Ok(());
        }
        Err(Problem::forbidden(format!(
            "this needs the role {role}, and yours is {}",
            self.role
        )))
    }

    /// Refuses a caller to whom the rule doesn't apply. `is_oneself` tells whether the path names the caller.
    fn obey(&self, rule: &Rule, is_oneself: bool) -> Result<(), Problem> {
        match rule.who {
            Who::Anybody => Ok(()),
            Who::Oneself | Who::OneselfOr(_) if is_oneself => Ok(()),
            Who::Oneself => Err(Problem::forbidden("only the user in question may do this")),
            Who::Role(role) | Who::OneselfOr(role) => self.require(role),
        }
    }
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let credential = bearer(parts).ok_or_else(missing_token)?;
        let rule = rule(parts)?;
        let gate = Gate::from_ref(state);
        let admitted = gate.admit(credential, rule.scope, world::now()).await?;
        let is_oneself = match rule.who {
            Who::Oneself | Who::OneselfOr(_) => names(parts, state, admitted.user).await,
            Who::Anybody | Who::Role(_) => false,
        };
        admitted.obey(rule, is_oneself)?;
        Ok(admitted)
    }
}

/// The rule of the route; a route that was forgotten there admits nobody.
fn rule(parts: &Parts) -> Result<&'static Rule, Problem> {
    let path = parts.extensions.get::<MatchedPath>();
    let path = path.map_or("", MatchedPath::as_str);
    // The router answers HEAD by the handler of GET.
    let method = match parts.method {
        Method::HEAD => &Method::GET,
        ref method => method,
    };
    access::rule_of(method, path).ok_or_else(|| {
        tracing::error!(method = %parts.method, path, "the route has no rule of access");
        Problem::broken()
    })
}

/// Whether the path names the user.
async fn names<S: Send + Sync>(parts: &mut Parts, state: &S, user: UserId) -> bool {
    let named = RawPathParams::from_request_parts(parts, state).await;
    named.is_ok_and(|params| params.iter().any(|(_, value)| value.parse() == Ok(user)))
}

/// The credential of `Authorization: Bearer`, whose scheme is case-insensitive (RFC 9110 §11.1).
fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts
        .headers
        .get(AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim())
        .filter(|token| !token.is_empty())
}

fn missing_token() -> Problem {
    Problem::unauthorized(
        "missing_token",
        "send an access token or an API key as Authorization: Bearer",
        "Bearer realm=\"millrace\"",
    )
}

fn no_keys() -> Problem {
    Problem::forbidden("this takes no API key; log in")
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
