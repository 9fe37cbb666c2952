//! Whether a process is alive, whether it can serve, and what is missing if it can't.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde::Serialize;
use serde_json::json;

type Components = Arc<Mutex<BTreeMap<&'static str, State>>>;

/// How a component fares.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Up,
    Degraded(String),
    Down(String),
}

/// What a process needs to serve, and how each of it fares. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Components);

/// One thing that a process needs, such as its broker; says how it fares.
#[derive(Debug, Clone)]
pub struct Component {
    name: &'static str,
    components: Components,
}

/// A component that is not up, or not all right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Which.
    pub component: &'static str,
    /// Why, in words that may be shown to anyone.
    pub reason: String,
}

impl Readiness {
    /// Registers a component, which is `starting` until it says otherwise.
    pub fn component(&self, name: &'static str) -> Component {
        let component = Component {
            name,
            components: Arc::clone(&self.0),
        };
        component.down("starting");
        component
    }

    /// What is not up; empty when the process can serve.
    pub fn missing(&self) -> Vec<Missing> {
        self.those(|state| match state {
            State::Down(reason) => Some(reason),
            State::Up | State::Degraded(_) => None,
        })
    }

    /// What serves, but needs somebody to look after it.
    pub fn degraded(&self) -> Vec<Missing> {
        self.those(|state| match state {
            State::Degraded(reason) => Some(reason),
            State::Up | State::Down(_) => None,
        })
    }

    fn those(&self, reason: impl Fn(&State) -> Option<&String>) -> Vec<Missing> {
        let components = lock(&self.0);
        let those = components.iter().filter_map(|(component, state)| {
            let reason = reason(state)?.clone();
            Some(Missing { component, reason })
        });
        those.collect()
    }
}

impl Component {
    /// All is well.
    pub fn up(&self) {
        self.is(State::Up);
    }

    /// It can be used, but somebody must see to `reason`.
    pub fn degraded(&self, reason: impl Into<String>) {
        self.is(State::Degraded(reason.into()));
    }

    /// It cannot be used, for `reason`.
    pub fn down(&self, reason: impl Into<String>) {
        self.is(State::Down(reason.into()));
    }

    fn is(&self, state: State) {
        lock(&self.components).insert(self.name, state);
    }
}

/// A panic elsewhere leaves the map whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `GET /health` and `GET /health/ready`.
pub fn routes(readiness: Readiness) -> Router {
    Router::new()
        .route("/health", get(async || Json(json!({ "status": "alive" }))))
        .route("/health/ready", get(ready))
        .with_state(readiness)
}

async fn ready(extract::State(readiness): extract::State<Readiness>) -> Response {
    let missing = readiness.missing();
    let degraded = readiness.degraded();
    if missing.is_empty() && degraded.is_empty() {
        return Json(json!({ "status": "ready" })).into_response();
    }
    if missing.is_empty() {
        return Json(json!({ "status": "ready", "degraded": degraded })).into_response();
    }
    let body = if degraded.is_empty() {
        json!({ "status": "unready", "missing": missing })
    } else {
        json!({ "status": "unready", "missing": missing, "degraded": degraded })
    };
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    async fn ask(readiness: &Readiness, path: &str) -> (u16, Value) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = routes(readiness.clone()).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), 4096)
            .await
            .unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn ready_says_what_is_missing_until_nothing_is() {
        let readiness = Readiness::default();
        let (broker, database) = (
            readiness.component("broker"),
            readiness.component("database"),
        );
        broker.up();
        let (status, body) = ask(&readiness, "/health/ready").await;
        assert_eq!(status, 503);
        let starting = json!([{ "component": "database", "reason": "starting" }]);
        assert_eq!(body["missing"], starting);
        database.up();
        let (status, body) = ask(&readiness, "/health/ready").await;
        assert_eq!((status, body), (200, json!({ "status": "ready" })));
        broker.down("away");
        assert_eq!(ask(&readiness, "/health/ready").await.0, 503);
    }

    #[tokio::test]
    async fn what_is_degraded_serves_and_is_told_of() {
        let readiness = Readiness::default();
        readiness
            .component("link_list")
            .degraded("2 events are parked");
        let (status, body) = ask(&readiness, "/health/ready").await;
        let parked = json!([{ "component": "link_list", "reason": "2 events are parked" }]);
        assert_eq!((status, &body["degraded"]), (200, &parked));
        readiness.component("broker").down("away");
        let (status, body) = ask(&readiness, "/health/ready").await;
        assert_eq!((status, &body["degraded"]), (503, &parked));
    }

    #[tokio::test]
    async fn a_process_is_alive_even_when_it_cannot_serve() {
        let readiness = Readiness::default();
        readiness.component("broker").down("away");
        assert_eq!(
            ask(&readiness, "/health").await,
            (200, json!({ "status": "alive" }))
        );
    }
}
