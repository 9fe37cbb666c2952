//! Limits against a real broker, at times of the tests' own choice.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::Timestamp;
use http::HeaderMap;
use nats::Broker;
use servers::testing::TestNats;
use tower::ServiceExt;

use super::*;
use crate::metrics::Metrics;
use crate::problem::{Problem, ProblemBody};

const SECRET: &str = "ada@example.com";

struct World {
    limiter: Limiter,
    metrics: Metrics,
    blinded: Arc<Mutex<Vec<String>>>,
    nats: TestNats,
}

fn at(second: u32) -> Timestamp {
    format!("2026-11-21T10:00:{second:02}Z").parse().unwrap()
}

async fn replica(nats: &TestNats, limits: &str) -> (Limiter, Metrics, Arc<Mutex<Vec<String>>>) {
    let broker = Broker::connect(&nats.url(), "test").await.unwrap();
    broker.apply_streams().await.unwrap();
    let (metrics, blinded) = (Metrics::default(), Arc::<Mutex<Vec<String>>>::default());
    let remember = Arc::clone(&blinded);
    let blind = move |label: &str, value: &str| {
        let text = format!("{label} {value}");
        remember.lock().unwrap().push(text.clone());
        URL_SAFE_NO_PAD.encode(text)
    };
    let (limits, proxies) = (
        Limits::parse(limits).unwrap(),
        vec!["10.0.0.0/8".parse().unwrap()],
    );
    let limiter = Limiter::new(broker, limits, proxies.into(), &metrics, blind);
    (limiter, metrics, blinded)
}

impl World {
    async fn new(limits: &str) -> Self {
        let nats = servers::testing::nats().await;
        let (limiter, metrics, blinded) = replica(&nats, limits).await;
        Self {
            limiter,
            metrics,
            blinded,
            nats,
        }
    }

    /// Asks to log in from an address, at a second.
    async fn login(&self, from: &str, forwarded: &str, second: u32) -> (u16, HeaderMap, Body) {
        let (limiter, limited) = (
            self.limiter.clone(),
            self.limiter
                .of_route(Limit::LoginAddress, Limit::LoginAccount),
        );
        let handler = async move |body: String| {
            if body == "bad" {
                return Err(Problem::bad_request("malformed_json", "Not JSON"));
            }
            limiter
                .spend_at(Limit::LoginAccount, SECRET, 1, at(second))
                .await
        };
        let app = Router::new().route("/", post(handler)).layer(from_fn(
            move |request: Request, next: Next| {
                let limited = limited.clone();
                async move { limited.answer(request, next, at(second)).await }
            },
        ));
        let peer: SocketAddr = format!("{from}:1").parse().unwrap();
        let body = if forwarded == "bad" { "bad" } else { "" };
        let request = Request::post("/")
            .header("x-forwarded-for", forwarded)
            .extension(ConnectInfo(peer))
            .body(Body::from(body))
            .unwrap();
        let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
        (parts.status.as_u16(), parts.headers, body)
    }
}

fn told<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |it| it.to_str().unwrap())
}

#[tokio::test]
async fn every_answer_tells_the_limits_and_how_they_stand() {
    let world = World::new("login-address=3/60").await;
    let policy = r#""login-address";q=3;w=60, "login-account";q=10;w=60"#;
    let (status, headers, _) = world.login("198.51.100.1", "", 18).await;
    assert_eq!(status, 200);
    assert_eq!(told(&headers, "ratelimit-policy"), policy);
    let stands = r#""login-address";r=2;t=42, "login-account";r=9;t=42"#;
    assert_eq!(told(&headers, "ratelimit"), stands);
    let (status, headers, _) = world.login("198.51.100.1", "bad", 19).await;
    assert_eq!(status, 400);
    assert_eq!(told(&headers, "ratelimit-policy"), policy);
    assert_eq!(told(&headers, "ratelimit"), r#""login-address";r=1;t=41"#);
}

#[tokio::test]
async fn beyond_the_quota_is_refused_until_the_window_ends() {
    let world = World::new("login-address=2/30").await;
    for status in [200, 200, 429, 429] {
        let (found, headers, body) = world.login("198.51.100.1", "", 29).await;
        assert_eq!(found, status);
        if status == 429 {
            assert_eq!(headers["retry-after"], "1");
            assert_eq!(told(&headers, "ratelimit"), r#""login-address";r=0;t=1"#);
            let body = axum::body::to_bytes(body, 4_096).await.unwrap();
            let problem: ProblemBody = serde_json::from_slice(&body).unwrap();
            assert_eq!(problem.error, "too_many_requests");
        }
    }
    assert_eq!(world.login("198.51.100.2", "", 29).await.0, 200);
    assert_eq!(world.login("198.51.100.1", "", 30).await.0, 200);
    let page = world.metrics.encode().unwrap();
    assert!(
        page.contains(r#"rate_limit_refused_total{limit="login-address"} 2"#),
        "{page}"
    );
}

#[tokio::test]
async fn an_account_is_limited_whatever_address_asks_and_its_answer_says_so() {
    let world = World::new("login-account=2/60").await;
    for (host, status) in [(1, 200), (2, 200), (3, 429)] {
        let (found, headers, _) = world.login(&format!("198.51.100.{host}"), "", 50).await;
        assert_eq!(found, status);
        if status == 429 {
            assert_eq!(headers["retry-after"], "10");
            let stands = r#""login-address";r=59;t=10, "login-account";r=0;t=10"#;
            assert_eq!(told(&headers, "ratelimit"), stands);
        }
    }
}

#[tokio::test]
async fn clients_are_told_apart_behind_a_proxy_and_by_network_in_ipv6() {
    let world = World::new("login-address=1/60").await;
    for (from, forwarded, status) in [
        ("10.0.0.1", "198.51.100.1", 200),
        ("10.0.0.1", "198.51.100.2", 200),
        ("10.0.0.2", "spoofed, 198.51.100.1", 429),
        ("[2001:db8:1:2::1]", "", 200),
        ("[2001:db8:1:2::2]", "", 429),
        ("[2001:db8:1:3::1]", "", 200),
    ] {
        let (found, ..) = world.login(from, forwarded, 1).await;
        assert_eq!(found, status, "{from} {forwarded}");
    }
}

#[tokio::test]
async fn replicas_share_their_limits_under_blinded_names() {
    let world = World::new("login-account=10/60").await;
    let (other, ..) = replica(&world.nats, "login-account=10/60").await;
    let spending = (0..15).flat_map(|_| {
        let one = world
            .limiter
            .spend_at(Limit::LoginAccount, SECRET, 1, at(1));
        [one, other.spend_at(Limit::LoginAccount, SECRET, 1, at(1))]
    });
    let outcomes = futures::future::join_all(spending).await;
    assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), 10);
    let blinded = world.blinded.lock().unwrap();
    assert!(
        blinded
            .iter()
            .all(|it| *it == format!("login-account {SECRET}"))
    );
}

#[tokio::test]
async fn where_the_broker_is_away_requests_go_on_uncounted() {
    let mut world = World::new("login-address=1/60").await;
    world.nats.kill().await;
    for _ in 0..2 {
        let (status, headers, _) = world.login("198.51.100.1", "", 1).await;
        assert_eq!(status, 200);
        assert_eq!(told(&headers, "ratelimit"), "");
        assert!(told(&headers, "ratelimit-policy").contains("login-address"));
    }
    let page = world.metrics.encode().unwrap();
    assert!(
        page.contains(r#"rate_limit_uncounted_total{limit="login-address"} 2"#),
        "{page}"
    );
}

#[tokio::test]
async fn limits_that_are_off_are_neither_counted_nor_told() {
    let world = World::new("off").await;
    for _ in 0..100 {
        let (status, headers, _) = world.login("198.51.100.1", "", 1).await;
        assert_eq!(status, 200);
        assert!(!headers.contains_key("ratelimit-policy") && !headers.contains_key("ratelimit"));
    }
    assert!(world.blinded.lock().unwrap().is_empty());
    assert!(
        world
            .limiter
            .spend(Limit::LoginAccount, SECRET)
            .await
            .is_ok()
    );
}
