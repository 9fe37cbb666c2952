//! `Idempotency-Key`: what makes a retry the same command.

use std::fmt;

use axum::extract::OptionalFromRequestParts;
use http::header::HeaderName;
use http::request::Parts;

use crate::problem::Problem;

/// The request header.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The response header that tells a replayed answer from a first one.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const KEY_BYTES_MAX: usize = 255;

/// A client's name for one command: 1–255 visible ASCII characters. Taken as `Option`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        let mut lines = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(line) = lines.next() else {
            return Ok(None);
        };
        let bytes = line.as_bytes();
        let is_good = (1..=KEY_BYTES_MAX).contains(&bytes.len())
            && bytes.iter().all(u8::is_ascii_graphic)
            && lines.next().is_none();
        match line.to_str() {
            Ok(key) if is_good => Ok(Some(Self(key.to_owned()))),
            _ => Err(
                Problem::bad_request("invalid_idempotency_key", "Idempotency key not valid")
                    .detail("Idempotency-Key takes one key of 1 to 255 visible ASCII characters"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Request};

    use super::*;

    async fn key(lines: &[&[u8]]) -> Result<Option<String>, &'static str> {
        let mut request = Request::new(());
        for line in lines {
            let value = HeaderValue::from_bytes(line).unwrap();
            request.headers_mut().append(IDEMPOTENCY_KEY, value);
        }
        let mut parts = request.into_parts().0;
        IdempotencyKey::from_request_parts(&mut parts, &())
            .await
            .map(|key| key.map(|key| key.to_string()))
            .map_err(|problem| problem.error())
    }

    #[tokio::test]
    async fn a_key_is_taken_as_it_is() {
        assert_eq!(key(&[]).await, Ok(None));
        let longest = "k".repeat(KEY_BYTES_MAX);
        for good in ["x", "order:7/retry#2", longest.as_str()] {
            assert_eq!(key(&[good.as_bytes()]).await, Ok(Some(good.to_owned())));
        }
    }

    #[tokio::test]
    async fn a_key_that_is_none_is_refused() {
        let overlong = [b'k'; KEY_BYTES_MAX + 1];
        let bad: [&[&[u8]]; 5] = [
            &[b""],
            &[b"a b"],
            &[b"\xc3\xa9"],
            &[&overlong],
            &[b"a", b"b"],
        ];
        for lines in bad {
            assert_eq!(key(lines).await, Err("invalid_idempotency_key"));
        }
    }
}
