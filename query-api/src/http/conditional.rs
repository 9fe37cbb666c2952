//! Answers that a client may keep: `ETag`, `If-None-Match` and 304 (RFC 9110 §13).

use std::hash::{DefaultHasher, Hasher};

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY};
use serde::Serialize;
use service::headers::{ETag, IfNoneMatch};
use service::problem::Problem;

/// What an answer depends on besides its address: who asks, and how far the view must have come.
const DEPENDS_ON: HeaderValue = HeaderValue::from_static("authorization, min-position");

/// A body as JSON, and the tag by which the client can ask whether it still holds.
pub(crate) struct Versioned {
    etag: ETag,
    json: Vec<u8>,
    cache_control: HeaderValue,
}

impl Versioned {
    /// The resource at `version`, the sequence of its last event.
    pub(crate) fn at(version: i64, body: &impl Serialize) -> Result<Self, Problem> {
        let version = u64::try_from(version).unwrap_or(0);
        Ok(Self::new(ETag::version(version), to_json(body)?))
    }

    /// An answer that has no version of its own, so its content names it.
    pub(crate) fn by_content(body: &impl Serialize) -> Result<Self, Problem> {
        let json = to_json(body)?;
        let mut hasher = DefaultHasher::new();
        hasher.write(&json);
        Ok(Self::new(
            ETag::opaque(&format!("{:016x}", hasher.finish())),
            json,
        ))
    }

    const fn new(etag: ETag, json: Vec<u8>) -> Self {
        // Kept by the client alone, and asked for again each time.
        Self {
            etag,
            json,
            cache_control: HeaderValue::from_static("private, no-cache"),
        }
    }

    /// Tells of something that moves without the version.
    pub(crate) fn beside(mut self, beside: &impl std::fmt::Display) -> Self {
        self.etag = self.etag.beside(beside);
        self
    }

    /// How long, and by whom, it may be kept without asking.
    pub(crate) fn cached(mut self, cache_control: &'static str) -> Self {
        self.cache_control = HeaderValue::from_static(cache_control);
        self
    }

    /// The whole answer, or a 304 to who has it already.
    pub(crate) fn unless_known(self, known: &IfNoneMatch) -> Response {
        let is_known = known.matches(&self.etag);
        let caching = [(CACHE_CONTROL, self.cache_control), (VARY, DEPENDS_ON)];
        let headers = (self.etag, caching);
        if is_known {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        (headers, json, self.json).into_response()
    }
}

fn to_json(body: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(body).map_err(|error| Problem::internal(&error))
}
