//! What one request is called, from the client's header to the log and the events.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::{telemetry, world};

/// The header that carries the id in and out.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A longer id is not taken over.
pub const REQUEST_ID_BYTES_MAX: usize = 128;

tokio::task_local! {
    static CURRENT: RequestId;
}

/// The id of a request: the client's own if it is sane, else a new `UUIDv7`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

/// The id of the request that this task is answering. Spawned tasks don't inherit it.
pub fn current() -> Option<RequestId> {
    CURRENT.try_with(Clone::clone).ok()
}

impl RequestId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(headers: &HeaderMap) -> Self {
        let given = headers
            .get(X_REQUEST_ID)
            .and_then(|value| value.to_str().ok());
        match given.filter(|id| is_sane(id)) {
            Some(id) => Self(id.into()),
            None => Self(world::new_id().to_string().into()),
        }
    }
}

/// Nothing that could break out of a log line, a header or a query.
fn is_sane(id: &str) -> bool {
    (1..=REQUEST_ID_BYTES_MAX).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where no layer has named the request, it is named here; so it can be taken anywhere.
impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(current().unwrap_or_else(|| Self::of(&parts.headers)))
    }
}

/// Middleware: names the request, continues its trace, echoes the id and logs one line.
///
/// The path is logged as the router knows it, never with its query, which may hold secrets.
pub(crate) async fn carry(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::of(request.headers());
    let method = request.method().clone();
    let route = route(&request).to_owned();
    let span = span(&request, &route, &id);

    let mut response = CURRENT
        .scope(id.clone(), next.run(request))
        .instrument(span.clone())
        .await;

    let status = response.status().as_u16();
    span.record("http.response.status_code", status);
    let duration_ms = started.elapsed().as_secs_f64() * 1000.0;
    span.in_scope(|| tracing::info!(%method, route, status, duration_ms, "answered"));
    // Always a header value, since only sane ids are taken over.
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}

/// The matched route, such as `/v1/links/{id}`.
pub(crate) fn route(request: &Request) -> &str {
    request
        .extensions()
        .get()
        .map_or("unmatched", MatchedPath::as_str)
}

fn span(request: &Request, route: &str, id: &RequestId) -> Span {
    let method = request.method();
    let span = tracing::info_span!(
        "request",
        otel.name = %format_args!("{method} {route}"),
        otel.kind = "server",
        http.request.method = %method,
        http.route = route,
        http.response.status_code = Empty,
        request_id = %id,
    );
    let traceparent = request
        .headers()
        .get("traceparent")
        .and_then(|value| value.to_str().ok());
    if let Some(traceparent) = traceparent {
        telemetry::set_parent(&span, traceparent);
    }
    span
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;
    use crate::problem::{Problem, ProblemBody};

    /// What the handler saw, what the client got, and what the problem says.
    async fn ask(given: Option<&str>) -> (String, String) {
        let app = Router::new()
            .route(
                "/",
                get(async |id: RequestId| Problem::not_found().detail(id.to_string())),
            )
            .layer(axum::middleware::from_fn(carry));
        let mut request = Request::get("/");
        if let Some(given) = given {
            request = request.header(X_REQUEST_ID, given);
        }
        let response = app
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let echoed = response.headers()[X_REQUEST_ID]
            .to_str()
            .unwrap()
            .to_owned();
        let bytes = axum::body::to_bytes(response.into_body(), 4096)
            .await
            .unwrap();
        let problem: ProblemBody = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(
            problem.request_id, problem.detail,
            "handler and problem agree"
        );
        (echoed, problem.detail.unwrap())
    }

    #[tokio::test]
    async fn a_sane_id_is_taken_over() {
        let longest = "x".repeat(REQUEST_ID_BYTES_MAX);
        for id in ["a", "order-7.retry_2", longest.as_str()] {
            assert_eq!(ask(Some(id)).await, (id.to_owned(), id.to_owned()));
        }
    }

    #[tokio::test]
    async fn a_missing_or_mad_id_is_replaced() {
        let overlong = "x".repeat(REQUEST_ID_BYTES_MAX + 1);
        for id in [
            None,
            Some(""),
            Some("a b"),
            Some("<script>"),
            Some(overlong.as_str()),
        ] {
            let (echoed, seen) = ask(id).await;
            assert_eq!(echoed, seen);
            assert_eq!(uuid::Uuid::parse_str(&echoed).unwrap().get_version_num(), 7);
        }
    }
}
