//! Fields of a change (RFC 7396): left out they stay, `null` clears them.

use serde::{Deserialize, Deserializer};

/// What is sent of a field that may be cleared: `None` if it is left out, `Some(None)` if it is `null`.
pub(super) type Patch<T> = Option<Option<T>>;

/// Reads a field that was sent; with `#[serde(default)]`, one that wasn't is `None`.
pub(super) fn sent<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Patch<T>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
