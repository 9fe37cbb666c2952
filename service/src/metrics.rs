//! Figures for Prometheus, one registry a process; no globals, since tests run several at once.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::request_id;

const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
/// From a cache's answer to a handler's deadline.
const SECONDS: [f64; 13] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

/// The figures of one process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    http: HttpMetrics,
}

/// What is counted of HTTP requests.
#[derive(Debug, Clone)]
pub(crate) struct HttpMetrics {
    requests: Family<Answer, Counter>,
    duration: Family<Asked, Histogram, fn() -> Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    method: &'static str,
    route: String,
    status: u16,
}

impl Default for Metrics {
    fn default() -> Self {
        let http = HttpMetrics {
            requests: Family::default(),
            duration: Family::new_with_constructor(|| Histogram::new(SECONDS)),
        };
        let mut registry = Registry::default();
        registry.register("http_requests", "Requests answered", http.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request's headers to its answer's",
            Unit::Seconds,
            http.duration.clone(),
        );
        Self {
            registry: Arc::new(Mutex::new(registry)),
            http,
        }
    }
}

impl Metrics {
    /// Lets a component add its own figures.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// All figures in `OpenMetrics` text.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let mut page = String::new();
        text::encode(&mut page, &registry)?;
        Ok(page)
    }

    pub(crate) fn http(&self) -> HttpMetrics {
        self.http.clone()
    }
}

impl HttpMetrics {
    fn count(&self, method: &Method, route: String, status: StatusCode, duration: Duration) {
        let method = known(method);
        let asked = Asked {
            method,
            route: route.clone(),
        };
        self.duration
            .get_or_create(&asked)
            .observe(duration.as_secs_f64());
        self.requests
            .get_or_create(&Answer {
                method,
                route,
                status: status.as_u16(),
            })
            .inc();
    }

    /// The counter of one method and route by status, to be held where each request must be cheap.
    pub(crate) fn counter(&self, method: &Method, route: &str, status: StatusCode) -> Counter {
        let answer = Answer {
            method: known(method),
            route: route.to_owned(),
            status: status.as_u16(),
        };
        self.requests.get_or_create(&answer).clone()
    }
}

/// Clients may make methods up; labels must stay few.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// Middleware: counts each request under its route.
pub(crate) async fn record(
    State(metrics): State<HttpMetrics>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let (method, route) = (
        request.method().clone(),
        request_id::route(&request).to_owned(),
    );
    let response = next.run(request).await;
    metrics.count(&method, route, response.status(), started.elapsed());
    response
}

/// `GET /metrics`.
pub fn routes(metrics: Metrics) -> Router {
    Router::new()
        .route("/metrics", get(show))
        .with_state(metrics)
}

async fn show(State(metrics): State<Metrics>) -> Response {
    match metrics.encode() {
        Ok(page) => ([(CONTENT_TYPE, OPEN_METRICS)], page).into_response(),
        Err(error) => crate::problem::Problem::internal(&error).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn requests_are_counted_by_route_and_not_by_path() {
        let metrics = Metrics::default();
        let app = Router::new()
            .route("/v1/links/{id}", get(async || ()))
            .layer(from_fn_with_state(metrics.http(), record))
            .merge(routes(metrics));
        for (method, path) in [
            ("GET", "/v1/links/1"),
            ("GET", "/v1/links/2"),
            ("BREW", "/v1/links/3"),
        ] {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .body(Body::empty())
                .unwrap();
            app.clone().oneshot(request).await.unwrap();
        }
        let request = Request::get("/metrics").body(Body::empty()).unwrap();
        let response = app.oneshot(request).await.unwrap();
        let bytes = axum::body::to_bytes(response.into_body(), 65536)
            .await
            .unwrap();
        let page = String::from_utf8(bytes.to_vec()).unwrap();
        for line in [
            r#"http_requests_total{method="GET",route="/v1/links/{id}",status="200"} 2"#,
            r#"http_requests_total{method="other",route="/v1/links/{id}",status="405"} 1"#,
            r#"http_request_duration_seconds_count{method="GET",route="/v1/links/{id}"} 2"#,
        ] {
            assert!(page.contains(line), "{line} in\n{page}");
        }
        assert!(page.ends_with("# EOF\n"));
    }
}
