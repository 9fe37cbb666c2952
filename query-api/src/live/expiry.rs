//! When a token ends, by its own word.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

#[derive(Deserialize)]
struct Claims {
    exp: i64,
}

/// `exp` of a token that has been verified, in seconds since 1970.
pub(super) fn expiry(token: &str) -> Option<i64> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims)
        .ok()
        .map(|Claims { exp }| exp)
}
