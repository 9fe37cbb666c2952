//! API keys as programs send them.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::{ApiKeyId, WorkspaceId};
use uuid::Uuid;

/// What an API key begins with, so that it is told from a token, and found where it was leaked.
pub const PREFIX: &str = "mlr_";
/// Bytes of a secret.
const SECRET_BYTES: usize = 32;
const ID_BYTES: usize = 16;

/// An API key: whom it stands for, and the secret that proves it. The secret is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The workspace that it speaks for.
    pub workspace: WorkspaceId,
    /// Its name, which is no secret.
    pub id: ApiKeyId,
    secret: [u8; SECRET_BYTES],
}

/// The text is no API key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an API key")]
pub struct ParseApiKeyError;

impl ApiKey {
    /// A key with a secret that nobody can guess.
    pub const fn new(workspace: WorkspaceId, id: ApiKeyId, secret: [u8; SECRET_BYTES]) -> Self {
        Self {
            workspace,
            id,
            secret,
        }
    }

    /// The key in clear: shown once.
    pub fn reveal(&self) -> String {
        let (workspace, id) = (self.workspace.uuid(), self.id.uuid());
        let bytes = [
            &workspace.as_bytes()[..],
            &id.as_bytes()[..],
            &self.secret[..],
        ]
        .concat();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// SHA-256 of the secret, in lower-case hex: what is stored. A random secret of 256 bits needs no slow hash.
    pub fn secret_hash(&self) -> String {
        hex(digest(&SHA256, &self.secret).as_ref())
    }

    /// Whether this is the key whose secret has that hash; takes the same time for every wrong one.
    pub fn has_hash(&self, secret_hash: &str) -> bool {
        verify_slices_are_equal(self.secret_hash().as_bytes(), secret_hash.as_bytes()).is_ok()
    }
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;

    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing into a string cannot fail.
        let _ok = write!(text, "{byte:02x}");
    }
    text
}

impl FromStr for ApiKey {
    type Err = ParseApiKeyError;

    fn from_str(text: &str) -> Result<Self, ParseApiKeyError> {
        let parts = || {
            let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
            let (workspace, rest) = bytes.split_first_chunk::<ID_BYTES>()?;
            let (id, secret) = rest.split_first_chunk::<ID_BYTES>()?;
            Some(Self {
                workspace: WorkspaceId::new(Uuid::from_bytes(*workspace)),
                id: ApiKeyId::new(Uuid::from_bytes(*id)),
                secret: secret.try_into().ok()?,
            })
        };
        parts().ok_or(ParseApiKeyError)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}, ***)", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world;
    use proptest::prelude::*;

    fn key(secret: [u8; SECRET_BYTES]) -> ApiKey {
        let workspace = WorkspaceId::new(world::new_id());
        ApiKey::new(workspace, ApiKeyId::new(world::new_id()), secret)
    }

    proptest! {
        #[test]
        fn a_key_is_read_as_it_was_shown(secret: [u8; 32]) {
            let key = key(secret);
            prop_assert_eq!(key.reveal().parse(), Ok(key));
        }

        #[test]
        fn no_text_makes_the_reader_fall_over(text: String) {
            let _parsed = text.parse::<ApiKey>();
        }
    }

    #[test]
    fn only_its_own_secret_has_the_hash() {
        let good = key([1; 32]);
        assert!(good.has_hash(&good.secret_hash()));
        assert!(!good.has_hash(&key([2; 32]).secret_hash()));
        assert!(!good.has_hash(""));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let whole = key([1; 32]).reveal();
        for text in [
            "",
            PREFIX,
            &whole[..whole.len() - 2],
            &whole[1..],
            "mlr_AAAA",
        ] {
            assert_eq!(text.parse::<ApiKey>(), Err(ParseApiKeyError), "{text}");
        }
        assert_eq!(
            format!("{whole}AA").parse::<ApiKey>(),
            Err(ParseApiKeyError)
        );
    }

    #[test]
    fn a_secret_is_never_printed() {
        let key = key([7; 32]);
        assert_eq!(format!("{key:?}"), format!("ApiKey({}, ***)", key.id));
    }
}
