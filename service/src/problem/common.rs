//! The problems that many handlers have in common.

use std::error::Error;
use std::fmt;

use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};

use super::{Fault, Problem};

/// An error with everything that caused it, in one line.
#[derive(Debug, Clone, Copy)]
pub struct Chain<'a>(pub &'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

impl Problem {
    /// Something broke on our side: logged here, once, with its chain; the answer tells nothing.
    pub fn internal(error: &dyn Error) -> Self {
        tracing::error!(error = %Chain(error), "request failed");
        Self::broken()
    }

    /// The answer to a failure that has been logged already.
    pub fn broken() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something broke on our side",
        )
    }

    /// Who the caller is is unclear; `error` is one of RFC 6750's codes or absent (§3.1).
    pub fn unauthorized(code: &'static str, detail: &'static str, challenge: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, "Authentication needed")
            .detail(detail)
            .header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// Who the caller is is clear, and not enough.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed").detail(detail.into())
    }

    /// There is no such thing, or it is another workspace's.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found")
    }

    /// What is asked for clashes with what is.
    pub fn conflict(error: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, error, title)
    }

    /// The request is well-formed, and wrong.
    pub fn validation(faults: Vec<Fault>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "validation",
            "Request not valid",
        )
        .errors(faults)
    }

    /// The request cannot be understood.
    pub fn bad_request(error: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, title)
    }

    /// Something that is needed is away for now.
    pub fn unavailable(retry_after_seconds: u32) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Not available right now",
        )
        .header(RETRY_AFTER, retry_after_seconds.into())
    }

    /// A rate limit is used up until its window ends.
    pub fn too_many_requests(retry_after_seconds: u32) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "Too many requests",
        )
        .header(RETRY_AFTER, retry_after_seconds.into())
    }

    /// The body is larger than the route takes.
    pub fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "Body too large")
    }

    /// The client took too long to send its request.
    pub fn timeout() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "Request took too long to arrive",
        )
    }

    /// `If-Match` names a version that is no longer the current one.
    pub fn precondition_failed() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition_failed",
            "Changed meanwhile",
        )
        .detail("the resource has another version than If-Match names; read it again")
    }

    /// An `Idempotency-Key` that was used for another request.
    pub fn idempotency_mismatch() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_mismatch",
            "Idempotency key used for another request",
        )
    }

    /// The body is in a format that the route doesn't read.
    pub fn unsupported_media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Unsupported media type",
        )
    }

    /// The path exists, the method on it doesn't; the router adds `Allow`.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "Method not allowed",
        )
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;
    use crate::problem::ProblemBody;

    #[derive(Debug, thiserror::Error)]
    #[error("the pool is empty")]
    struct Inner;

    #[derive(Debug, thiserror::Error)]
    #[error("could not read the link")]
    struct Outer(#[source] Inner);

    async fn body(problem: Problem) -> (http::HeaderMap, ProblemBody) {
        let response = problem.into_response();
        let headers = response.headers().clone();
        let bytes = axum::body::to_bytes(response.into_body(), 4096)
            .await
            .unwrap();
        (headers, serde_json::from_slice(&bytes).unwrap())
    }

    #[test]
    fn a_chain_names_each_cause_once() {
        assert_eq!(
            Chain(&Outer(Inner)).to_string(),
            "could not read the link: the pool is empty"
        );
    }

    #[tokio::test]
    async fn a_failure_tells_nothing_of_the_inside() {
        let (_, body) = body(Problem::internal(&Outer(Inner))).await;
        assert_eq!((body.status, body.error.as_str()), (500, "internal"));
        assert_eq!(body.detail, None);
    }

    #[tokio::test]
    async fn a_problem_has_its_media_type_its_fields_and_its_headers() {
        let problem = Problem::unavailable(3).errors(vec![Fault::new("/slug", "is taken")]);
        let (headers, body) = body(problem).await;
        assert_eq!(headers["content-type"], "application/problem+json");
        assert_eq!(headers["retry-after"], "3");
        assert_eq!(body.type_uri, "/docs/problems#unavailable");
        assert_eq!(body.errors, [Fault::new("/slug", "is taken")]);
    }
}
