//! Refresh tokens as clients hold them.

use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::SessionId;
use service::keys::Keyring;
use uuid::Uuid;

/// What a refresh token begins with, so that it is told from an access token, and found where it was leaked.
const PREFIX: &str = "mlt_";
const SECRET_BYTES: usize = 32;
const ID_BYTES: usize = 16;
/// What a child is derived as.
const CHILD: &str = "refresh-token-child";

/// A session, and the secret that proves it. Only its hash is stored, and its child follows from it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RefreshToken {
    pub(crate) session: SessionId,
    secret: [u8; SECRET_BYTES],
}

/// The text is no refresh token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ParseRefreshTokenError;

impl RefreshToken {
    /// The first token of a session.
    pub(crate) fn first(session: SessionId) -> Self {
        Self {
            session,
            secret: rand::random(),
        }
    }

    /// What the token is spent for: always the same, and of use to guess for nobody without the installation's keys.
    pub(crate) fn child(&self, keyring: &Keyring) -> Self {
        Self {
            session: self.session,
            secret: keyring.derive(CHILD, &self.secret),
        }
    }

    /// SHA-256 in lower-case hex: what is stored. A secret of 256 bits needs no slow hash.
    pub(crate) fn hash(&self) -> String {
        service::caller::hex(digest(&SHA256, &self.secret).as_ref())
    }

    /// The token in clear.
    pub(crate) fn reveal(&self) -> String {
        let session = self.session.uuid();
        let bytes = [&session.as_bytes()[..], &self.secret[..]].concat();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for RefreshToken {
    type Err = ParseRefreshTokenError;

    fn from_str(text: &str) -> Result<Self, ParseRefreshTokenError> {
        let parts = || {
            let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
            let (session, secret) = bytes.split_first_chunk::<ID_BYTES>()?;
            Some(Self {
                session: SessionId::new(Uuid::from_bytes(*session)),
                secret: secret.try_into().ok()?,
            })
        };
        parts().ok_or(ParseRefreshTokenError)
    }
}

#[cfg(test)]
mod tests {
    use super::{PREFIX, ParseRefreshTokenError, RefreshToken};
    use events::SessionId;
    use service::keys::Keyring;
    use service::world;

    fn first() -> RefreshToken {
        RefreshToken::first(SessionId::new(world::new_id()))
    }

    #[test]
    fn a_token_is_read_as_it_was_shown() {
        let token = first();
        assert!(token.reveal().parse() == Ok(token));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let whole = first().reveal();
        for text in ["", PREFIX, &whole[1..], &whole[..whole.len() - 2], "mlt_AA"] {
            assert!(
                text.parse::<RefreshToken>() == Err(ParseRefreshTokenError),
                "{text}"
            );
        }
    }

    #[test]
    fn a_child_is_always_the_same_and_no_other_tokens() {
        let (keyring, token) = (Keyring::random().unwrap(), first());
        let child = token.child(&keyring);
        assert!(child == token.child(&keyring));
        assert!(child.session == token.session);
        assert_ne!(child.hash(), token.hash());
        assert_ne!(child.hash(), first().child(&keyring).hash());
        let others = Keyring::random().unwrap();
        assert_ne!(child.hash(), token.child(&others).hash());
    }
}
