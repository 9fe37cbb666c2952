//! Access tokens: JWTs that are signed and verified by HS256 and nothing else.

use std::sync::Arc;
use std::time::Duration;

use events::core::Role;
use events::{SessionId, Timestamp, UserId, WorkspaceId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Caller;
use crate::config::Secret;

/// How far two machines' clocks may differ before a token is refused for it.
pub const LEEWAY_SECONDS: i64 = 5;
/// Longer tokens are not looked at.
pub const TOKEN_BYTES_MAX: usize = 4096;

/// Issues and verifies access tokens. Cheap to clone.
#[derive(Clone)]
pub struct Tokens(Arc<Keys>);

struct Keys {
    signing: EncodingKey,
    verifying: DecodingKey,
    rules: Validation,
    lifetime: Duration,
}

/// A token that names nobody, or that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Not signed by us, or without a claim that ours have.
    #[error("the token is not valid")]
    Invalid,
    /// Once good.
    #[error("the token has expired")]
    Expired,
    /// Signing failed.
    #[error("the token could not be signed")]
    Unsigned(#[source] jsonwebtoken::errors::Error),
}

/// All are required; claims that later versions add are ignored.
#[derive(Serialize, Deserialize)]
struct Claims {
    sub: UserId,
    email: String,
    wid: WorkspaceId,
    role: Role,
    sid: SessionId,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    jti: Uuid,
}

impl Tokens {
    /// Tokens signed with `secret` and good for `lifetime`.
    pub fn new(secret: &Secret, lifetime: Duration) -> Self {
        let secret = secret.expose().as_bytes();
        // Times are checked here, against a given clock; the signature is all that is left.
        let mut rules = Validation::new(Algorithm::HS256);
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        Self(Arc::new(Keys {
            signing: EncodingKey::from_secret(secret),
            verifying: DecodingKey::from_secret(secret),
            rules,
            lifetime,
        }))
    }

    /// How long a token is good.
    pub fn lifetime(&self) -> Duration {
        self.0.lifetime
    }

    /// A token that names `caller` from `now` on.
    pub fn issue(&self, caller: &Caller, now: Timestamp, id: Uuid) -> Result<String, TokenError> {
        let claims = Claims {
            sub: caller.user,
            email: caller.email.clone(),
            wid: caller.workspace,
            role: caller.role,
            sid: caller.session,
            iat: now.odt().unix_timestamp(),
            exp: (now.odt() + self.0.lifetime).unix_timestamp(),
            nbf: None,
            jti: id,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.0.signing)
            .map_err(TokenError::Unsigned)
    }

    /// Whom `token` names at `now`.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Caller, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Invalid);
        }
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.0.verifying, &self.0.rules)
            .map_err(|_| TokenError::Invalid)?;
        if decoded
            .header
            .typ
            .is_none_or(|typ| !typ.eq_ignore_ascii_case("JWT"))
        {
            return Err(TokenError::Invalid);
        }
        in_time(&decoded.claims, now.odt().unix_timestamp())?;
        let Claims {
            sub,
            email,
            wid,
            role,
            sid,
            ..
        } = decoded.claims;
        Ok(Caller {
            user: sub,
            workspace: wid,
            role,
            session: sid,
            email,
        })
    }
}

fn in_time(claims: &Claims, now: i64) -> Result<(), TokenError> {
    let latest_start = now.saturating_add(LEEWAY_SECONDS);
    if claims.iat > latest_start || claims.nbf.is_some_and(|nbf| nbf > latest_start) {
        return Err(TokenError::Invalid);
    }
    if claims.exp.saturating_add(LEEWAY_SECONDS) <= now {
        return Err(TokenError::Expired);
    }
    Ok(())
}
