//! Access tokens: JWTs that are signed and verified by HS256 and nothing else.

use std::sync::Arc;
use std::time::Duration;

use events::core::{Role, Scope};
use events::{SessionId, Timestamp, UserId, WorkspaceId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Caller, Credential, Seen};
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

/// What a token says.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'a> {
    /// The user.
    pub user: UserId,
    /// The user's address.
    pub email: &'a str,
    /// The workspace that the token speaks for.
    pub workspace: WorkspaceId,
    /// What the user may do there.
    pub role: Role,
    /// The session that the token comes from.
    pub session: SessionId,
    /// What was known when it was issued.
    pub seen: Seen,
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

#[derive(Serialize)]
struct Claims<'a> {
    sub: UserId,
    email: &'a str,
    wid: WorkspaceId,
    role: Role,
    /// What the holder may do with resources: whatever the role lets a member do.
    scopes: &'a [Scope],
    sid: SessionId,
    iat: i64,
    exp: i64,
    jti: Uuid,
    /// The sequences of the last events of the user and of the workspace that were known.
    seen: (u64, u64),
}

/// What is looked at of them, and must be there; claims that later versions add are ignored.
#[derive(Deserialize)]
struct Verified {
    sub: UserId,
    wid: WorkspaceId,
    role: Role,
    sid: SessionId,
    iat: i64,
    exp: i64,
    nbf: Option<i64>,
    seen: (u64, u64),
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

    /// A token that says `grant` from `now` on.
    pub fn issue(&self, grant: &Grant<'_>, now: Timestamp, id: Uuid) -> Result<String, TokenError> {
        let claims = Claims {
            sub: grant.user,
            email: grant.email,
            wid: grant.workspace,
            role: grant.role,
            scopes: scopes(grant.role),
            sid: grant.session,
            iat: now.odt().unix_timestamp(),
            exp: (now.odt() + self.0.lifetime).unix_timestamp(),
            jti: id,
            seen: (grant.seen.user, grant.seen.workspace),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.0.signing)
            .map_err(TokenError::Unsigned)
    }

    /// Whom `token` names at `now`, as far as it says itself: it may have been revoked.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Caller, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Invalid);
        }
        let decoded = jsonwebtoken::decode::<Verified>(token, &self.0.verifying, &self.0.rules)
            .map_err(|_| TokenError::Invalid)?;
        // Ours say their type and nothing else: no key to choose, none brought along, and nothing critical.
        if decoded.header != Header::new(Algorithm::HS256) {
            return Err(TokenError::Invalid);
        }
        let claims = decoded.claims;
        let expires_at = self.end_of(&claims);
        in_time(&claims, expires_at, now.odt().unix_timestamp())?;
        Ok(Caller {
            user: claims.sub,
            workspace: claims.wid,
            role: claims.role,
            credential: Credential::Session(claims.sid),
            issued_at: time_of(claims.iat)?,
            expires_at: Some(time_of(expires_at)?),
            seen: Seen {
                user: claims.seen.0,
                workspace: claims.seen.1,
            },
        })
    }

    /// When the token ends: revocations are remembered for the lifetime that is set now, so no token has a longer one.
    fn end_of(&self, claims: &Verified) -> i64 {
        let lifetime_s = i64::try_from(self.0.lifetime.as_secs()).unwrap_or(i64::MAX);
        claims.exp.min(claims.iat.saturating_add(lifetime_s))
    }
}

/// What a role lets its holder do with resources.
const fn scopes(role: Role) -> &'static [Scope] {
    match role {
        Role::Viewer => &[Scope::LinksRead, Scope::ClicksRead, Scope::MediaRead],
        Role::Editor | Role::Admin => &Scope::ALL,
    }
}

fn time_of(seconds: i64) -> Result<Timestamp, TokenError> {
    let time = OffsetDateTime::from_unix_timestamp(seconds);
    time.map(Timestamp::new).map_err(|_| TokenError::Invalid)
}

fn in_time(claims: &Verified, expires_at: i64, now: i64) -> Result<(), TokenError> {
    let latest_start = now.saturating_add(LEEWAY_SECONDS);
    if claims.iat > latest_start || claims.nbf.is_some_and(|nbf| nbf > latest_start) {
        return Err(TokenError::Invalid);
    }
    if expires_at.saturating_add(LEEWAY_SECONDS) <= now {
        return Err(TokenError::Expired);
    }
    Ok(())
}
