//! `DATA_KEY`: what wraps every user's key, and the secret of the installation.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead;
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use events::UserId;

use super::Keyring;
use crate::config::Secret;
use crate::sealed::{self, KEY_BYTES, OpenError, SealError, SealingKey};

/// What the installation's secret is wrapped as.
const INSTALLATION: &str = "millrace installation secret";

/// `DATA_KEY`: one key, or several while one takes another's place. The first wraps, all unwrap. Never printed.
#[derive(Clone)]
pub struct DataKey(Arc<[Wrapping]>);

struct Wrapping {
    raw: [u8; KEY_BYTES],
    cipher: aead::LessSafeKey,
}

/// The text is no data key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be base64 of {KEY_BYTES} bytes, as `openssl rand -base64 {KEY_BYTES}` prints; of several, comma-separated, the first is used for what is new"
)]
pub struct ParseDataKeyError;

impl DataKey {
    /// Reads standard base64 of 32 bytes, or several of them, separated by commas.
    pub fn parse(base64: &str) -> Result<Self, ParseDataKeyError> {
        let keys = base64.split(',').map(|key| {
            let bytes = STANDARD.decode(key.trim()).map_err(|_| ParseDataKeyError)?;
            let raw = bytes.try_into().map_err(|_| ParseDataKeyError)?;
            Wrapping::new(raw).map_err(|_| ParseDataKeyError)
        });
        Ok(Self(keys.collect::<Result<_, _>>()?))
    }

    /// A new key from the system's randomness.
    pub fn random() -> Result<Self, SealError> {
        let wrapping = Wrapping::new(sealed::random_key()?)?;
        Ok(Self(Arc::new([wrapping])))
    }

    /// The keys as [`DataKey::parse`] reads them, for the file that keeps them.
    pub fn to_base64(&self) -> Secret {
        let keys: Vec<_> = self.0.iter().map(|key| STANDARD.encode(key.raw)).collect();
        Secret::new(keys.join(","))
    }

    /// `key` as it may be stored: only this data key, and only for `user`, gives it back.
    pub fn wrap(&self, user: UserId, key: &SealingKey) -> Result<String, SealError> {
        self.wrap_as(&context(user), &key.raw)
    }

    /// The key that was wrapped for `user`.
    pub fn unwrap_key(&self, user: UserId, wrapped: &str) -> Result<SealingKey, OpenError> {
        let raw = self.unwrap_as(&context(user), wrapped)?;
        SealingKey::from_raw(raw).map_err(|_| OpenError)
    }

    /// A secret for a new installation, as it may be stored.
    pub fn new_secret(&self) -> Result<String, SealError> {
        self.wrap_as(INSTALLATION, &sealed::random_key()?)
    }

    /// All keys of the installation whose wrapped secret this is.
    pub fn keyring(&self, wrapped: &str) -> Result<Keyring, OpenError> {
        let secret = self.unwrap_as(INSTALLATION, wrapped)?;
        Keyring::new(self.clone(), secret).map_err(|_| OpenError)
    }

    /// A user's key, wrapped anew by the first of these keys; `None` if that is who wrapped it.
    pub fn rewrap(&self, user: UserId, wrapped: &str) -> Result<Option<String>, OpenError> {
        self.rewrap_as(&context(user), wrapped)
    }

    /// The installation's secret, wrapped anew by the first of these keys; `None` if that is who wrapped it.
    pub fn rewrap_secret(&self, wrapped: &str) -> Result<Option<String>, OpenError> {
        self.rewrap_as(INSTALLATION, wrapped)
    }

    fn rewrap_as(&self, context: &str, wrapped: &str) -> Result<Option<String>, OpenError> {
        let first = self.0.first().ok_or(OpenError)?;
        if sealed::open(&first.cipher, context, wrapped).is_ok() {
            return Ok(None);
        }
        let raw = self.unwrap_as(context, wrapped)?;
        self.wrap_as(context, &raw).map(Some).map_err(|_| OpenError)
    }

    fn wrap_as(&self, context: &str, raw: &[u8]) -> Result<String, SealError> {
        let first = self.0.first().ok_or(SealError)?;
        sealed::seal(&first.cipher, context, raw)
    }

    fn unwrap_as(&self, context: &str, wrapped: &str) -> Result<[u8; KEY_BYTES], OpenError> {
        let mut opened = self
            .0
            .iter()
            .filter_map(|key| sealed::open(&key.cipher, context, wrapped).ok());
        let raw = opened.next().ok_or(OpenError)?;
        raw.try_into().map_err(|_| OpenError)
    }
}

impl Wrapping {
    fn new(raw: [u8; KEY_BYTES]) -> Result<Self, SealError> {
        let root = Prk::new_less_safe(HKDF_SHA256, &raw);
        let wrapping = root.expand(&[b"millrace wrap v1"], &aead::AES_256_GCM)?;
        let cipher = aead::LessSafeKey::new(aead::UnboundKey::from(wrapping));
        Ok(Self { raw, cipher })
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

    fn user() -> UserId {
        UserId::new(world::new_id())
    }

    /// `new` in the place of `old`, which still unwraps.
    fn both(new: &DataKey, old: &DataKey) -> DataKey {
        let (new, old) = (new.to_base64(), old.to_base64());
        DataKey::parse(&format!("{}, {}", new.expose(), old.expose())).unwrap()
    }

    #[test]
    fn a_key_survives_being_written_down() {
        let key = both(&DataKey::random().unwrap(), &DataKey::random().unwrap());
        let read = DataKey::parse(key.to_base64().expose()).unwrap();
        assert_eq!(read.to_base64(), key.to_base64());
    }

    #[test]
    fn a_key_of_another_size_is_refused() {
        let long = STANDARD.encode([0; 33]);
        let half = format!("{},", STANDARD.encode([0; 32]));
        for text in ["", "c2hvcnQ=", "not base64", &long, &half] {
            assert_eq!(DataKey::parse(text).unwrap_err(), ParseDataKeyError);
        }
    }

    #[test]
    fn a_wrapped_key_opens_what_the_key_sealed() {
        let (data, user) = (DataKey::random().unwrap(), user());
        let key = SealingKey::random().unwrap();
        let sealed = key.seal("c", "ada").unwrap();
        let wrapped = data.wrap(user, &key).unwrap();
        let unwrapped = data.unwrap_key(user, &wrapped).unwrap();
        assert_eq!(unwrapped.open("c", &sealed).unwrap(), "ada");
    }

    #[test]
    fn a_wrapped_key_is_good_for_its_user_and_its_data_key_only() {
        let (data, owner) = (DataKey::random().unwrap(), user());
        let wrapped = data.wrap(owner, &SealingKey::random().unwrap()).unwrap();
        assert!(data.unwrap_key(user(), &wrapped).is_err());
        let other = DataKey::random().unwrap();
        assert!(other.unwrap_key(owner, &wrapped).is_err());
        assert!(data.unwrap_key(owner, &wrapped.to_lowercase()).is_err());
    }

    #[test]
    fn while_a_key_takes_anothers_place_both_unwrap_and_the_new_one_wraps() {
        let (old, new, user) = (
            DataKey::random().unwrap(),
            DataKey::random().unwrap(),
            user(),
        );
        let changing = both(&new, &old);
        let key = SealingKey::random().unwrap();
        let by_old = old.wrap(user, &key).unwrap();
        assert_eq!(changing.unwrap_key(user, &by_old).unwrap().raw, key.raw);
        let by_new = changing.rewrap(user, &by_old).unwrap().unwrap();
        assert_eq!(changing.rewrap(user, &by_new), Ok(None));
        assert_eq!(new.unwrap_key(user, &by_new).unwrap().raw, key.raw);
        assert!(old.unwrap_key(user, &by_new).is_err());
        assert_eq!(new.rewrap(user, &by_old), Err(OpenError));
    }

    #[test]
    fn an_installations_secret_survives_the_change_of_its_data_key() {
        let (old, new) = (DataKey::random().unwrap(), DataKey::random().unwrap());
        let wrapped = old.new_secret().unwrap();
        assert!(new.keyring(&wrapped).is_err());
        let changing = both(&new, &old);
        let rewrapped = changing.rewrap_secret(&wrapped).unwrap().unwrap();
        assert_eq!(changing.rewrap_secret(&rewrapped), Ok(None));
        let (before, after) = (
            old.keyring(&wrapped).unwrap(),
            new.keyring(&rewrapped).unwrap(),
        );
        assert_eq!(
            before.blind_index("email", "ada"),
            after.blind_index("email", "ada")
        );
    }

    #[test]
    fn a_data_key_is_never_printed() {
        assert_eq!(format!("{:?}", DataKey::random().unwrap()), "DataKey(***)");
    }
}
