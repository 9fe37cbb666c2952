//! Who asks: the caller that an access token names.

mod tokens;

use axum::extract::{FromRef, FromRequestParts};
use events::core::Role;
use events::{SessionId, UserId, WorkspaceId};
use http::header::AUTHORIZATION;
use http::request::Parts;

pub use self::tokens::{LEEWAY_SECONDS, TOKEN_BYTES_MAX, TokenError, Tokens};
use crate::problem::Problem;
use crate::world;

/// Someone whose access token is good. A handler that takes one cannot be reached without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// The workspace that the token speaks for.
    pub workspace: WorkspaceId,
    /// What the user may do there.
    pub role: Role,
    /// The login that the token comes from.
    pub session: SessionId,
    /// The user's address when the token was issued.
    pub email: String,
}

impl Caller {
    /// Refuses a caller whose role is below `role`.
    pub fn require(&self, role: Role) -> Result<(), Problem> {
        if self.role >= role {
            return Ok(());
        }
        Err(Problem::forbidden(format!(
            "this needs the role {role}, and yours is {}",
            self.role
        )))
    }
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Tokens: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let token = bearer(parts).ok_or_else(missing_token)?;
        Tokens::from_ref(state)
            .verify(token, world::now())
            .map_err(Problem::from)
    }
}

/// The token of `Authorization: Bearer`, whose scheme is case-insensitive (RFC 9110 §11.1).
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
        "send an access token as Authorization: Bearer",
        "Bearer realm=\"millrace\"",
    )
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => Self::unauthorized(
                "invalid_token",
                "the access token is not one of ours",
                "Bearer realm=\"millrace\", error=\"invalid_token\"",
            ),
            TokenError::Expired => Self::unauthorized(
                "token_expired",
                "the access token has expired",
                "Bearer realm=\"millrace\", error=\"invalid_token\", \
                 error_description=\"expired\"",
            ),
            TokenError::Unsigned(error) => Self::internal(&error),
        }
    }
}

#[cfg(test)]
mod tests;
