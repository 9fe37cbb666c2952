//! The installation's own key: it wraps every user's key and blinds what must be looked up.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hkdf::{HKDF_SHA256, Prk};
use aws_lc_rs::{aead, hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use events::{Sealed, UserId};

use crate::config::Secret;
use crate::sealed::{self, KEY_BYTES, OpenError, SealError, SealingKey};

/// `DATA_KEY`. Each use has a sub-key of its own (HKDF, RFC 5869). Never printed.
#[derive(Clone)]
pub struct DataKey(Arc<Keys>);

struct Keys {
    raw: [u8; KEY_BYTES],
    wrapping: aead::LessSafeKey,
    sealing: aead::LessSafeKey,
    blinding: hmac::Key,
}

/// The text is no data key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be base64 of {KEY_BYTES} bytes, as `openssl rand -base64 {KEY_BYTES}` prints")]
pub struct ParseDataKeyError;

impl DataKey {
    /// Reads standard base64 of 32 bytes.
    pub fn parse(base64: &str) -> Result<Self, ParseDataKeyError> {
        let bytes = STANDARD
            .decode(base64.trim())
            .map_err(|_| ParseDataKeyError)?;
        let raw = bytes.try_into().map_err(|_| ParseDataKeyError)?;
        Self::from_raw(raw).map_err(|_| ParseDataKeyError)
    }

    /// A new key from the system's randomness.
    pub fn random() -> Result<Self, SealError> {
        let mut raw = [0; KEY_BYTES];
        rand::fill(&mut raw)?;
        Self::from_raw(raw)
    }

    fn from_raw(raw: [u8; KEY_BYTES]) -> Result<Self, SealError> {
        let root = Prk::new_less_safe(HKDF_SHA256, &raw);
        let wrapping = root.expand(&[b"millrace wrap v1"], &aead::AES_256_GCM)?;
        let sealing = root.expand(&[b"millrace seal v1"], &aead::AES_256_GCM)?;
        let blinding = root.expand(&[b"millrace blind v1"], hmac::HMAC_SHA256)?;
        Ok(Self(Arc::new(Keys {
            raw,
            wrapping: aead::LessSafeKey::new(aead::UnboundKey::from(wrapping)),
            sealing: aead::LessSafeKey::new(aead::UnboundKey::from(sealing)),
            blinding: hmac::Key::from(blinding),
        })))
    }

    /// The key as [`DataKey::parse`] reads it, for the file that keeps it.
    pub fn to_base64(&self) -> Secret {
        Secret::new(STANDARD.encode(self.0.raw))
    }

    /// `key` as it may be stored: only this data key, and only for `user`, gives it back.
    pub fn wrap(&self, user: UserId, key: &SealingKey) -> Result<String, SealError> {
        sealed::seal(&self.0.wrapping, &context(user), &key.raw)
    }

    /// The key that was wrapped for `user`.
    pub fn unwrap_key(&self, user: UserId, wrapped: &str) -> Result<SealingKey, OpenError> {
        let raw = sealed::open(&self.0.wrapping, &context(user), wrapped)?;
        let raw = raw.try_into().map_err(|_| OpenError)?;
        SealingKey::from_raw(raw).map_err(|_| OpenError)
    }

    /// Seals what belongs to no user; `context` says what it is, and only that opens it.
    pub fn seal(&self, context: &str, plain: &str) -> Result<Sealed, SealError> {
        sealed::seal(&self.0.sealing, context, plain.as_bytes()).map(Sealed::new)
    }

    /// What was sealed as `context`.
    pub fn open(&self, context: &str, sealed: &Sealed) -> Result<String, OpenError> {
        let plain = sealed::open(&self.0.sealing, context, sealed.as_str())?;
        String::from_utf8(plain).map_err(|_| OpenError)
    }

    /// A name for `value` that tells nothing of it: base64url of an HMAC-SHA256.
    /// `label` keeps kinds of values apart.
    pub fn blind_index(&self, label: &str, value: &str) -> String {
        let mut hmac = hmac::Context::with_key(&self.0.blinding);
        // A length before the label, so that no label and value run together like another pair.
        hmac.update(&label.len().to_be_bytes());
        hmac.update(label.as_bytes());
        hmac.update(value.as_bytes());
        URL_SAFE_NO_PAD.encode(hmac.sign())
    }
}

fn context(user: UserId) -> String {
    format!("millrace user key {user}")
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world;

    #[test]
    fn a_key_survives_being_written_down() {
        let key = DataKey::random().unwrap();
        let read = DataKey::parse(key.to_base64().expose()).unwrap();
        assert_eq!(read.0.raw, key.0.raw);
        assert_eq!(
            read.blind_index("email", "ada"),
            key.blind_index("email", "ada")
        );
    }

    #[test]
    fn a_key_of_another_size_is_refused() {
        for text in ["", "c2hvcnQ=", "not base64", &STANDARD.encode([0; 33])] {
            assert_eq!(DataKey::parse(text).unwrap_err(), ParseDataKeyError);
        }
    }

    #[test]
    fn a_wrapped_key_opens_what_the_key_sealed() {
        let (data, user) = (DataKey::random().unwrap(), UserId::new(world::new_id()));
        let key = SealingKey::random().unwrap();
        let sealed = key.seal("c", "ada").unwrap();
        let wrapped = data.wrap(user, &key).unwrap();
        assert_eq!(
            data.unwrap_key(user, &wrapped)
                .unwrap()
                .open("c", &sealed)
                .unwrap(),
            "ada"
        );
    }

    #[test]
    fn a_wrapped_key_is_good_for_its_user_and_its_data_key_only() {
        let (data, user) = (DataKey::random().unwrap(), UserId::new(world::new_id()));
        let wrapped = data.wrap(user, &SealingKey::random().unwrap()).unwrap();
        assert!(
            data.unwrap_key(UserId::new(world::new_id()), &wrapped)
                .is_err()
        );
        assert!(
            DataKey::random()
                .unwrap()
                .unwrap_key(user, &wrapped)
                .is_err()
        );
        assert!(data.unwrap_key(user, &wrapped.to_lowercase()).is_err());
    }

    #[test]
    fn a_blind_index_tells_kinds_values_and_installations_apart() {
        let data = DataKey::random().unwrap();
        let index = data.blind_index("email", "ada@example.com");
        assert_eq!(index, data.blind_index("email", "ada@example.com"));
        assert_eq!(index.len(), 43);
        assert_ne!(index, data.blind_index("phone", "ada@example.com"));
        assert_ne!(index, data.blind_index("email", "bob@example.com"));
        assert_ne!(data.blind_index("ab", "c"), data.blind_index("a", "bc"));
        assert_ne!(
            index,
            DataKey::random()
                .unwrap()
                .blind_index("email", "ada@example.com")
        );
    }

    #[test]
    fn a_data_key_is_never_printed() {
        assert_eq!(format!("{:?}", DataKey::random().unwrap()), "DataKey(***)");
    }
}
