//! Errors as clients see them: RFC 9457 `application/problem+json`.

mod catalog;
mod common;

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::catalog::{CODES, Code};
pub use self::common::Chain;
use crate::request_id;

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A refusal or a failure on its way to the client.
#[derive(Debug, Clone)]
pub struct Problem(Box<Contents>);

#[derive(Debug, Clone)]
struct Contents {
    status: StatusCode,
    error: &'static str,
    title: &'static str,
    detail: Option<Cow<'static, str>>,
    errors: Vec<Fault>,
    headers: HeaderMap,
}

/// One thing that is wrong with what the client sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// Where: a JSON pointer (RFC 6901) into the body, `/<name>` for a query parameter.
    pub pointer: String,
    /// What, for a person.
    pub detail: String,
}

impl Fault {
    /// `detail` is wrong at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }
}

/// The body of every answer with a status of 400 and above.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Where this kind of problem is explained: a URI reference.
    #[serde(rename = "type")]
    #[schema(example = "/docs/problems#slug_taken")]
    pub type_uri: String,
    /// The kind of problem, for a person.
    #[schema(example = "Slug taken")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 409)]
    pub status: u16,
    /// This very problem, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The kind of problem, for a program: stable.
    #[schema(example = "slug_taken")]
    pub error: String,
    /// What to quote when asking for help; the log knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Everything that is wrong with the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
}

impl Problem {
    /// A kind of problem: `error` is its stable machine code, `title` says the same to a person.
    ///
    /// The code must be one of [`CODES`], with this status: that is what clients are promised.
    pub fn new(status: StatusCode, error: &'static str, title: &'static str) -> Self {
        debug_assert!(
            CODES
                .iter()
                .any(|it| it.code == error && it.status == status),
            "{error} with {status} is not among the codes that clients are told of"
        );
        Self(Box::new(Contents {
            status,
            error,
            title,
            detail: None,
            errors: Vec::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// Says what is the matter this time.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Lists all faults.
    #[must_use]
    pub fn errors(mut self, errors: Vec<Fault>) -> Self {
        self.0.errors = errors;
        self
    }

    /// Adds a header such as `Retry-After` to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The machine code.
    pub fn error(&self) -> &'static str {
        self.0.error
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Contents {
            status,
            error,
            title,
            detail,
            errors,
            headers,
        } = *self.0;
        let body = ProblemBody {
            type_uri: format!("/docs/problems#{error}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.map(Cow::into_owned),
            error: error.to_owned(),
            request_id: request_id::current().map(|id| id.to_string()),
            errors,
        };
        // Strings and numbers always serialise; were they not to, the status still tells.
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (status, [(CONTENT_TYPE, PROBLEM_JSON)], json).into_response();
        response.headers_mut().extend(headers);
        response
    }
}
