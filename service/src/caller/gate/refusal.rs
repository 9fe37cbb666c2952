//! Why somebody is not admitted, and what is said of it.

use nats::ReadError;

use super::super::{TokenError, no_keys};
use crate::problem::{Chain, Problem};

/// Seconds after which a caller may come again when it can't be told who calls.
const RETRY_AFTER_S: u32 = 1;

/// Why a credential admits nobody.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The token is not good.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// No key of ours.
    #[error("the API key is unknown")]
    UnknownKey,
    /// The key was good once.
    #[error("the API key has expired")]
    ExpiredKey,
    /// Good, until it was revoked.
    #[error("the credential was revoked")]
    Revoked,
    /// Good, until it or its maker was stopped.
    #[error("the API key was revoked")]
    RevokedKey,
    /// The key may not be used for this.
    #[error("the API key lacks the scope {0}")]
    Scope(events::core::Scope),
    /// No key may be used for this.
    #[error("the route takes no API key")]
    NoKeys,
    /// Revocations can't be heard: whether it is still good is not known.
    #[error("the log of revocations is not heard")]
    Deaf,
    /// The key could not be looked up.
    #[error("the API key could not be looked up")]
    Unread(#[from] ReadError),
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Token(error) => error.into(),
            Refusal::UnknownKey => invalid("the API key is not one of ours"),
            Refusal::ExpiredKey => expired("the API key has expired"),
            Refusal::Revoked => revoked(
                "the session has ended, or what you may do has changed: refresh, or log in again",
            ),
            Refusal::RevokedKey => {
                revoked("the API key was revoked, or its maker may do nothing here")
            }
            Refusal::Scope(scope) => {
                Self::forbidden(format!("the API key lacks the scope {scope}"))
            }
            Refusal::NoKeys => no_keys(),
            Refusal::Deaf => Self::unavailable(RETRY_AFTER_S)
                .detail("whether the credential is still good cannot be known at the moment"),
            Refusal::Unread(error) => {
                tracing::warn!(error = %Chain(&error), "an API key could not be looked up");
                Self::unavailable(RETRY_AFTER_S)
            }
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => invalid("the access token is not one of ours"),
            TokenError::Expired => expired("the access token has expired"),
            TokenError::Unsigned(error) => Self::internal(&error),
        }
    }
}

fn invalid(detail: &'static str) -> Problem {
    let challenge = "Bearer realm=\"millrace\", error=\"invalid_token\"";
    Problem::unauthorized("invalid_token", detail, challenge)
}

fn revoked(detail: &'static str) -> Problem {
    let challenge =
        "Bearer realm=\"millrace\", error=\"invalid_token\", error_description=\"revoked\"";
    Problem::unauthorized("token_revoked", detail, challenge)
}

fn expired(detail: &'static str) -> Problem {
    let challenge =
        "Bearer realm=\"millrace\", error=\"invalid_token\", error_description=\"expired\"";
    Problem::unauthorized("token_expired", detail, challenge)
}
