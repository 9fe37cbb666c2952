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

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A body, and the tag by which the client can ask whether it still holds.
pub(crate) struct Versioned {
    etag: ETag,
    content_type: HeaderValue,
    body: Vec<u8>,
    cache_control: HeaderValue,
}

impl Versioned {
    /// The resource at `version`, the sequence of its last event.
    pub(crate) fn at(version: i64, body: &impl Serialize) -> Result<Self, Problem> {
        let version = u64::try_from(version).unwrap_or(0);
        Ok(Self::new(ETag::version(version), JSON, to_json(body)?))
    }

    /// An answer that has no version of its own, so its content names it.
    pub(crate) fn by_content(body: &impl Serialize) -> Result<Self, Problem> {
        let json = to_json(body)?;
        Ok(Self::new(tag_of(&json), JSON, json))
    }

    /// What isn't JSON; its content names it.
    pub(crate) fn file(content_type: &'static str, body: Vec<u8>) -> Self {
        let content_type = HeaderValue::from_static(content_type);
        Self::new(tag_of(&body), content_type, body)
    }

    const fn new(etag: ETag, content_type: HeaderValue, body: Vec<u8>) -> Self {
        // Kept by the client alone, and asked for again each time.
        Self {
            etag,
            content_type,
            body,
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
        let content_type = [(CONTENT_TYPE, self.content_type)];
        (headers, content_type, self.body).into_response()
    }
}

fn tag_of(body: &[u8]) -> ETag {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    ETag::opaque(&format!("{:016x}", hasher.finish()))
}

fn to_json(body: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(body).map_err(|error| Problem::internal(&error))
}
