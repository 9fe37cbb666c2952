//! The outer layers of a router, in their one right order.

use std::any::Any;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::header::{HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{Method, StatusCode};
use prometheus_client::metrics::counter::Counter;
use tower::util::{MapFutureLayer, MapResponseLayer};
use tower_http::catch_panic::CatchPanicLayer;

use crate::body::BODY_BYTES_MAX;
use crate::listen::Shortcut;
use crate::metrics::{self, HttpMetrics, Metrics};
use crate::problem::Problem;
use crate::request_id;

/// How long a handler may take to answer; what its body streams after that isn't counted.
pub const HANDLER_DEADLINE: Duration = Duration::from_secs(30);

/// Guards an API: request id, trace and log line, metrics, `nosniff`, panics, deadline, body
/// limit, and problems for unknown paths and methods.
///
/// Once for each port, over all of its routes: a router has one fallback.
pub fn api(router: Router, metrics: &Metrics) -> Router {
    router
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        // The outermost first, and all in one: each layer of a router costs its requests two allocations.
        .layer((
            from_fn(request_id::carry),
            from_fn_with_state(metrics.http(), metrics::record),
            MapResponseLayer::new(no_sniffing),
            CatchPanicLayer::custom(answer_panic),
            MapFutureLayer::new(in_time),
            DefaultBodyLimit::max(BODY_BYTES_MAX),
        ))
}

/// Guards the redirects, where every microsecond counts: panics, and a count by status.
/// No span, no log line, no deadline but the handler's own.
pub fn redirects(router: Router, metrics: &Metrics) -> Router {
    let counters = RedirectCounters::new(metrics.http());
    router
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        // In one, as above.
        .layer((
            MapResponseLayer::new(move |response: http::Response<_>| {
                counters.count(response.status());
                response
            }),
            CatchPanicLayer::custom(answer_panic),
        ))
}

/// The redirects that need no router, guarded as [`redirects`] are: those that it `takes`, a method and a path.
pub fn shortcut<F>(
    takes: fn(&Method, &str) -> bool,
    answer: impl Fn(Parts, SocketAddr) -> F + Send + Sync + 'static,
    metrics: &Metrics,
) -> Shortcut
where
    F: Future<Output = Response> + Send + 'static,
{
    let counters = RedirectCounters::new(metrics.http());
    Shortcut::new(takes, move |request, peer| {
        let counters = Arc::clone(&counters);
        let answered = AssertUnwindSafe(answer(request, peer)).catch_unwind();
        let counted = answered.map(move |answered| {
            let response = answered.unwrap_or_else(answer_panic);
            counters.count(response.status());
            response
        });
        counted.boxed()
    })
}

/// Shared, and found beforehand for the usual statuses, so that a redirect pays no look-up and no allocation for it.
/// A HEAD counts as the GET that it stands for.
struct RedirectCounters {
    usual: Box<[(StatusCode, Counter)]>,
    metrics: HttpMetrics,
}

impl RedirectCounters {
    fn new(metrics: HttpMetrics) -> Arc<Self> {
        let usual = [
            StatusCode::FOUND,
            StatusCode::MOVED_PERMANENTLY,
            StatusCode::TEMPORARY_REDIRECT,
            StatusCode::PERMANENT_REDIRECT,
            StatusCode::NOT_FOUND,
            StatusCode::GONE,
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
            StatusCode::OK,
            StatusCode::METHOD_NOT_ALLOWED,
            StatusCode::SERVICE_UNAVAILABLE,
            StatusCode::INTERNAL_SERVER_ERROR,
        ];
        let usual = usual.map(|status| (status, counter(&metrics, status)));
        Arc::new(Self {
            usual: Box::new(usual),
            metrics,
        })
    }

    fn count(&self, status: StatusCode) {
        match self.usual.iter().find(|(usual, _)| *usual == status) {
            Some((_, counter)) => counter.inc(),
            None => counter(&self.metrics, status).inc(),
        };
    }
}

fn counter(metrics: &HttpMetrics, status: StatusCode) -> Counter {
    metrics.counter(&Method::GET, "/{slug}", status)
}

async fn in_time(
    answer: impl Future<Output = Result<Response, Infallible>>,
) -> Result<Response, Infallible> {
    Ok(within(HANDLER_DEADLINE, answer.map(|Ok(answer)| answer)).await)
}

async fn within(deadline: Duration, answer: impl Future<Output = Response>) -> Response {
    tokio::time::timeout(deadline, answer)
        .await
        .unwrap_or_else(|_| {
            tracing::error!("a handler took too long");
            Problem::unavailable(1)
                .detail("this took too long")
                .into_response()
        })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer hands the panic over"
)]
fn answer_panic(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("something that isn't text");
    tracing::error!(panic = message, "a handler panicked");
    Problem::broken().into_response()
}

fn no_sniffing<B>(mut response: http::Response<B>) -> http::Response<B> {
    response
        .headers_mut()
        .insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use http::{HeaderMap, Request};
    use tower::ServiceExt;

    use super::*;
    use crate::problem::ProblemBody;

    fn app() -> Router {
        let metrics = Metrics::default();
        let v1 = Router::new()
            .route("/v1/good", get(async || "good"))
            .route("/v1/panic", get(async || -> () { panic!("on purpose") }));
        let slugs = Router::new().route("/{slug}", get(async || -> () { panic!("on purpose") }));
        api(v1, &metrics)
            .merge(redirects(slugs, &metrics))
            .merge(metrics::routes(metrics))
    }

    async fn ask(method: &str, path: &str) -> (u16, HeaderMap, Option<ProblemBody>) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty())
            .unwrap();
        let response = app().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 65536).await.unwrap();
        (
            parts.status.as_u16(),
            parts.headers,
            serde_json::from_slice(&bytes).ok(),
        )
    }

    #[tokio::test]
    async fn a_good_answer_has_its_request_id_and_is_not_sniffed() {
        let (status, headers, _) = ask("GET", "/v1/good").await;
        assert_eq!(status, 200);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(headers.contains_key("x-request-id"));
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_that_tells_nothing() {
        for (path, is_api) in [("/v1/panic", true), ("/anything", false)] {
            let (status, headers, problem) = ask("GET", path).await;
            for name in ["x-request-id", "x-content-type-options"] {
                assert_eq!(headers.contains_key(name), is_api, "{path}: {name}");
            }
            let problem = problem.unwrap();
            assert_eq!(
                (status, problem.error.as_str(), problem.detail),
                (500, "internal", None)
            );
        }
    }

    #[tokio::test]
    async fn a_handler_that_hangs_is_given_up_on() {
        let response = within(Duration::from_millis(10), std::future::pending()).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()["retry-after"], "1");
    }

    #[tokio::test]
    async fn redirects_are_counted_by_status() {
        let metrics = Metrics::default();
        let slugs = Router::new().route("/{slug}", get(async || StatusCode::FOUND));
        let request = Request::get("/x").body(Body::empty()).unwrap();
        redirects(slugs, &metrics).oneshot(request).await.unwrap();
        let counted = r#"http_requests_total{method="GET",route="/{slug}",status="302"} 1"#;
        assert!(metrics.encode().unwrap().contains(counted));
    }

    #[tokio::test]
    async fn a_shortcut_is_counted_and_survives_a_panic() {
        let metrics = Metrics::default();
        let answer = async |request: Parts, _| match request.uri.path() {
            "/x" => StatusCode::FOUND.into_response(),
            "/z" => StatusCode::SEE_OTHER.into_response(),
            _ => panic!("on purpose"),
        };
        let shortcut = shortcut(|_, _| true, answer, &metrics);
        for (path, status) in [("/x", 302), ("/y", 500), ("/z", 303)] {
            let (request, ()) = Request::get(path).body(()).unwrap().into_parts();
            let peer = SocketAddr::from(([127, 0, 0, 1], 1));
            assert_eq!(shortcut.answer(request, peer).await.status(), status);
            let counted = format!(
                r#"http_requests_total{{method="GET",route="/{{slug}}",status="{status}"}} 1"#
            );
            assert!(metrics.encode().unwrap().contains(&counted), "{status}");
        }
    }

    #[tokio::test]
    async fn an_unknown_path_is_a_problem() {
        let (status, headers, problem) = ask("GET", "/v1/nowhere").await;
        let problem = problem.unwrap();
        assert_eq!((status, problem.error.as_str()), (404, "not_found"));
        assert_eq!(
            problem.request_id.unwrap(),
            headers["x-request-id"].to_str().unwrap()
        );
    }

    #[tokio::test]
    async fn a_wrong_method_is_told_the_right_ones() {
        for path in ["/v1/good", "/anything"] {
            let (status, headers, problem) = ask("DELETE", path).await;
            assert_eq!(
                (status, problem.unwrap().error.as_str()),
                (405, "method_not_allowed")
            );
            assert_eq!(headers["allow"], "GET,HEAD");
        }
    }
}
