//! Personal data as the log carries it: unreadable without its person's key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A text under AES-256-GCM with a key of its person: base64url of the nonce (12 bytes),
/// the ciphertext and the tag (16 bytes), without padding.
///
/// Whoever destroys the key forgets the person in every copy of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Sealed(String);

impl Sealed {
    /// Takes what a sealing key has made.
    #[must_use]
    pub const fn new(base64url: String) -> Self {
        Self(base64url)
    }

    /// The base64url text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
