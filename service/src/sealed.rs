//! Personal data under its person's key: AES-256-GCM with a random nonce.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::Sealed;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// One person's key. Whoever destroys it forgets the person. Never printed.
pub struct SealingKey {
    pub(crate) raw: [u8; KEY_BYTES],
    cipher: LessSafeKey,
}

/// Sealing failed: no randomness, or a text beyond what the cipher takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("could not be sealed")]
pub struct SealError;

/// What was to be opened was sealed under another key or context, or was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("could not be opened: another key, another context, or damaged")]
pub struct OpenError;

impl From<Unspecified> for SealError {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

impl SealingKey {
    /// A new key from the system's randomness.
    pub fn random() -> Result<Self, SealError> {
        Self::from_raw(random_key()?)
    }

    pub(crate) fn from_raw(raw: [u8; KEY_BYTES]) -> Result<Self, SealError> {
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &raw)?);
        Ok(Self { raw, cipher })
    }

    /// Seals `plain`; it opens only under the same `context`, such as `user/<id>/email`.
    pub fn seal(&self, context: &str, plain: &str) -> Result<Sealed, SealError> {
        seal(&self.cipher, context, plain.as_bytes()).map(Sealed::new)
    }

    /// The text that was sealed under `context`.
    pub fn open(&self, context: &str, sealed: &Sealed) -> Result<String, OpenError> {
        let plain = open(&self.cipher, context, sealed.as_str())?;
        String::from_utf8(plain).map_err(|_| OpenError)
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(***)")
    }
}

/// Bytes for a key, from the system's randomness.
pub(crate) fn random_key() -> Result<[u8; KEY_BYTES], SealError> {
    let mut raw = [0; KEY_BYTES];
    rand::fill(&mut raw)?;
    Ok(raw)
}

/// base64url of nonce, ciphertext and tag.
pub(crate) fn seal(cipher: &LessSafeKey, context: &str, plain: &[u8]) -> Result<String, SealError> {
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce)?;
    seal_under(nonce, cipher, context, plain)
}

/// As [`seal`], under a nonce that no other text has.
pub(crate) fn seal_under(
    nonce: [u8; NONCE_LEN],
    cipher: &LessSafeKey,
    context: &str,
    plain: &[u8],
) -> Result<String, SealError> {
    let mut text = plain.to_vec();
    let nonce_once = Nonce::assume_unique_for_key(nonce);
    cipher.seal_in_place_append_tag(nonce_once, Aad::from(context.as_bytes()), &mut text)?;
    Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &text].concat()))
}

pub(crate) fn open(
    cipher: &LessSafeKey,
    context: &str,
    sealed: &str,
) -> Result<Vec<u8>, OpenError> {
    let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| OpenError)?;
    let (nonce, text) = bytes.split_first_chunk::<NONCE_LEN>().ok_or(OpenError)?;
    let mut text = text.to_vec();
    let plain = cipher
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(context.as_bytes()),
            &mut text,
        )
        .map_err(|_| OpenError)?;
    Ok(plain.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: &str = "user/1/email";

    #[test]
    fn what_is_sealed_opens_again() {
        let key = SealingKey::random().unwrap();
        for plain in ["", "ada@example.com", "Ада 🦀 \u{202e}\0"] {
            let sealed = key.seal(CONTEXT, plain).unwrap();
            assert!(plain.is_empty() || !sealed.as_str().contains(plain));
            assert_eq!(key.open(CONTEXT, &sealed).unwrap(), plain);
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_alike() {
        let key = SealingKey::random().unwrap();
        assert_ne!(
            key.seal(CONTEXT, "ada").unwrap(),
            key.seal(CONTEXT, "ada").unwrap()
        );
    }

    #[test]
    fn another_key_and_another_context_open_nothing() {
        let key = SealingKey::random().unwrap();
        let sealed = key.seal(CONTEXT, "ada").unwrap();
        assert_eq!(
            SealingKey::random().unwrap().open(CONTEXT, &sealed),
            Err(OpenError)
        );
        assert_eq!(key.open("user/2/email", &sealed), Err(OpenError));
    }

    #[test]
    fn a_changed_byte_anywhere_is_noticed() {
        let key = SealingKey::random().unwrap();
        let sealed = key.seal(CONTEXT, "ada").unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(sealed.as_str()).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = Sealed::new(URL_SAFE_NO_PAD.encode(changed));
            assert_eq!(key.open(CONTEXT, &changed), Err(OpenError), "byte {at}");
        }
    }

    #[test]
    fn what_was_never_sealed_does_not_open() {
        let key = SealingKey::random().unwrap();
        for text in ["", "AAAA", "not base64!", "AAAAAAAAAAAAAAAA"] {
            assert_eq!(
                key.open(CONTEXT, &Sealed::new(text.to_owned())),
                Err(OpenError)
            );
        }
    }

    #[test]
    fn a_key_is_never_printed() {
        assert_eq!(
            format!("{:?}", SealingKey::random().unwrap()),
            "SealingKey(***)"
        );
    }
}
