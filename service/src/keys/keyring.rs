//! All keys of an installation: those that wrap, and those that seal and blind what belongs to no user.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hkdf::{HKDF_SHA256, Prk};
use aws_lc_rs::{aead, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::{Sealed, UserId};

use super::DataKey;
use crate::sealed::{self, KEY_BYTES, OpenError, SealError, SealingKey};

/// Bytes of a derived secret.
const DERIVED_BYTES: usize = 32;

/// What `DATA_KEY` and the installation's secret open together.
///
/// The secret is made with the log and stays when `DATA_KEY` changes: what is blinded is found for ever.
/// Each use has a sub-key of its own (HKDF, RFC 5869). Cheap to clone, never printed.
#[derive(Clone)]
pub struct Keyring(Arc<Keys>);

struct Keys {
    data_key: DataKey,
    sealing: aead::LessSafeKey,
    blinding: hmac::Key,
    deriving: hmac::Key,
}

impl Keyring {
    pub(super) fn new(data_key: DataKey, secret: [u8; KEY_BYTES]) -> Result<Self, SealError> {
        let root = Prk::new_less_safe(HKDF_SHA256, &secret);
        let sealing = root.expand(&[b"millrace seal v1"], &aead::AES_256_GCM)?;
        let blinding = root.expand(&[b"millrace blind v1"], hmac::HMAC_SHA256)?;
        let deriving = root.expand(&[b"millrace derive v1"], hmac::HMAC_SHA256)?;
        Ok(Self(Arc::new(Keys {
            data_key,
            sealing: aead::LessSafeKey::new(aead::UnboundKey::from(sealing)),
            blinding: hmac::Key::from(blinding),
            deriving: hmac::Key::from(deriving),
        })))
    }

    /// The keys of an installation that nothing else knows.
    pub fn random() -> Result<Self, SealError> {
        Self::new(DataKey::random()?, sealed::random_key()?)
    }

    /// See [`DataKey::wrap`].
    pub fn wrap(&self, user: UserId, key: &SealingKey) -> Result<String, SealError> {
        self.0.data_key.wrap(user, key)
    }

    /// See [`DataKey::unwrap_key`].
    pub fn unwrap_key(&self, user: UserId, wrapped: &str) -> Result<SealingKey, OpenError> {
        self.0.data_key.unwrap_key(user, wrapped)
    }

    /// Seals what belongs to no user; `context` says what it is, and only that opens it.
    pub fn seal(&self, context: &str, plain: &str) -> Result<Sealed, SealError> {
        sealed::seal(&self.0.sealing, context, plain.as_bytes()).map(Sealed::new)
    }

    /// As [`Keyring::seal`], and the same for the same text: whoever has both can tell that they say the same.
    ///
    /// The nonce follows from the text, so that no other text has it.
    pub fn seal_alike(&self, context: &str, plain: &str) -> Result<Sealed, SealError> {
        let derived = self.derive(&format!("nonce {context}"), plain.as_bytes());
        let nonce = derived.first_chunk::<{ aead::NONCE_LEN }>();
        let nonce = *nonce.ok_or(SealError)?;
        sealed::seal_under(nonce, &self.0.sealing, context, plain.as_bytes()).map(Sealed::new)
    }

    /// What was sealed as `context`.
    pub fn open(&self, context: &str, sealed: &Sealed) -> Result<String, OpenError> {
        let plain = sealed::open(&self.0.sealing, context, sealed.as_str())?;
        String::from_utf8(plain).map_err(|_| OpenError)
    }

    /// A name for `value` that tells nothing of it: base64url of an HMAC-SHA256.
    /// `label` keeps kinds of values apart.
    pub fn blind_index(&self, label: &str, value: &str) -> String {
        URL_SAFE_NO_PAD.encode(keyed(&self.0.blinding, label, value.as_bytes()))
    }

    /// A secret that follows from `parent`, for whoever has these keys: the same for the same.
    pub fn derive(&self, label: &str, parent: &[u8]) -> [u8; DERIVED_BYTES] {
        let mut derived = [0; DERIVED_BYTES];
        derived.copy_from_slice(keyed(&self.0.deriving, label, parent).as_ref());
        derived
    }
}

fn keyed(key: &hmac::Key, label: &str, value: &[u8]) -> hmac::Tag {
    let mut hmac = hmac::Context::with_key(key);
    // A length before the label, so that no label and value run together like another pair.
    hmac.update(&label.len().to_be_bytes());
    hmac.update(label.as_bytes());
    hmac.update(value);
    hmac.sign()
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blind_index_tells_kinds_values_and_installations_apart() {
        let keys = Keyring::random().unwrap();
        let index = keys.blind_index("email", "ada@example.com");
        assert_eq!(index, keys.blind_index("email", "ada@example.com"));
        assert_eq!(index.len(), 43);
        assert_ne!(index, keys.blind_index("phone", "ada@example.com"));
        assert_ne!(index, keys.blind_index("email", "bob@example.com"));
        assert_ne!(keys.blind_index("ab", "c"), keys.blind_index("a", "bc"));
        let others = Keyring::random().unwrap();
        assert_ne!(index, others.blind_index("email", "ada@example.com"));
    }

    #[test]
    fn a_derived_secret_follows_from_its_parent_and_is_no_blind_index() {
        let keys = Keyring::random().unwrap();
        let child = keys.derive("token", b"parent");
        assert_eq!(child, keys.derive("token", b"parent"));
        assert_ne!(child, keys.derive("token", b"other"));
        assert_ne!(child, keys.derive("key", b"parent"));
        assert_ne!(
            URL_SAFE_NO_PAD.encode(child),
            keys.blind_index("token", "parent")
        );
    }

    #[test]
    fn what_is_sealed_opens_in_its_context_only() {
        let keys = Keyring::random().unwrap();
        let sealed = keys.seal("answer", "{}").unwrap();
        assert_eq!(keys.open("answer", &sealed).unwrap(), "{}");
        assert!(keys.open("question", &sealed).is_err());
    }

    #[test]
    fn what_is_sealed_alike_is_the_same_for_the_same_text_alone() {
        let keys = Keyring::random().unwrap();
        let seal = |plain| keys.seal_alike("answer", plain).unwrap();
        assert_eq!(seal("{}"), seal("{}"));
        assert_eq!(keys.open("answer", &seal("{}")).unwrap(), "{}");
        assert!(keys.open("question", &seal("{}")).is_err());
        // The nonce is what a sealed text begins with.
        let nonce = |plain| seal(plain).as_str()[..16].to_owned();
        assert_ne!(nonce("{}"), nonce("[]"));
        let other = keys.seal_alike("question", "{}").unwrap();
        assert_ne!(nonce("{}"), other.as_str()[..16]);
    }

    #[test]
    fn a_keyring_is_never_printed() {
        assert_eq!(format!("{:?}", Keyring::random().unwrap()), "Keyring(***)");
    }
}
