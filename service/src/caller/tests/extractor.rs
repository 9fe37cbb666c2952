//! What a request is answered that shows a token, a bad one, or none.

use axum::Router;
use axum::body::Body;
use axum::routing::{any, get};
use events::core::Role;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::super::testing::{ada, later, token, tokens};
use super::super::{AUTHORIZATION, Caller, Gate};
use crate::world;

const LINKS: &str = "/v1/links";

fn app() -> Router {
    async fn who(caller: Caller) -> String {
        caller.user.to_string()
    }
    Router::new()
        .route(LINKS, any(who))
        .route("/v1/core/users/{id}", get(who).patch(who))
        .route("/v1/core/users/{id}/password", get(who).put(who))
        .route("/v1/forgotten", get(who))
        .with_state(Gate::deaf(tokens()))
}

struct Answer {
    status: StatusCode,
    challenge: String,
    body: Value,
}

async fn ask(method: &str, path: &str, authorization: Option<&str>) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(authorization) = authorization {
        request = request.header(AUTHORIZATION, authorization);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = app().oneshot(request).await.unwrap();
    let challenge = response.headers().get("www-authenticate");
    let challenge = challenge.map_or("", |value| value.to_str().unwrap());
    let (status, challenge) = (response.status(), challenge.to_owned());
    let bytes = axum::body::to_bytes(response.into_body(), 4096);
    Answer {
        status,
        challenge,
        body: serde_json::from_slice(&bytes.await.unwrap()).unwrap_or_default(),
    }
}

async fn ask_as(caller: &Caller, method: &str, path: &str) -> Answer {
    let bearer = format!("bearer {}", token(caller, world::now()));
    ask(method, path, Some(&bearer)).await
}

#[tokio::test]
async fn a_good_token_lets_in() {
    for method in ["GET", "HEAD", "POST"] {
        let answer = ask_as(&ada(), method, LINKS).await;
        assert_eq!(answer.status, StatusCode::OK, "{method}");
    }
}

#[tokio::test]
async fn a_missing_token_and_a_bad_one_are_told_apart() {
    for authorization in [None, Some("Basic YTpi"), Some("Bearer "), Some("Bearer")] {
        let answer = ask("GET", LINKS, authorization).await;
        let expected = (StatusCode::UNAUTHORIZED, &json!("missing_token"));
        assert_eq!((answer.status, &answer.body["error"]), expected);
        assert_eq!(answer.challenge, r#"Bearer realm="millrace""#);
    }
    for authorization in ["Bearer nonsense", "Bearer mlr_nonsense"] {
        let answer = ask("GET", LINKS, Some(authorization)).await;
        let expected = (StatusCode::UNAUTHORIZED, &json!("invalid_token"));
        assert_eq!((answer.status, &answer.body["error"]), expected);
        assert!(answer.challenge.contains(r#"error="invalid_token""#));
    }
}

#[tokio::test]
async fn an_expired_token_says_so() {
    let bearer = format!("Bearer {}", token(&ada(), later(world::now(), -7200)));
    let answer = ask("GET", LINKS, Some(&bearer)).await;
    let expected = (StatusCode::UNAUTHORIZED, &json!("token_expired"));
    assert_eq!((answer.status, &answer.body["error"]), expected);
    assert!(answer.challenge.contains("expired"));
}

#[tokio::test]
async fn a_role_that_is_not_enough_is_forbidden() {
    let viewer = Caller {
        role: Role::Viewer,
        ..ada()
    };
    assert_eq!(ask_as(&viewer, "GET", LINKS).await.status, StatusCode::OK);
    let refused = ask_as(&viewer, "POST", LINKS).await;
    let expected = (StatusCode::FORBIDDEN, &json!("forbidden"));
    assert_eq!((refused.status, &refused.body["error"]), expected);
}

#[tokio::test]
async fn the_user_whom_the_path_names_may_do_what_others_may_not() {
    let (ada, bob) = (ada(), ada());
    let of = |caller: &Caller| format!("/v1/core/users/{}", caller.user);
    let own = ask_as(&ada, "PATCH", &of(&ada)).await;
    assert_eq!(own.status, StatusCode::OK);
    let anothers = ask_as(&ada, "PATCH", &of(&bob)).await;
    assert_eq!(anothers.status, StatusCode::FORBIDDEN);
    let admin = Caller {
        role: Role::Admin,
        ..bob
    };
    let anothers = ask_as(&admin, "PATCH", &of(&ada)).await;
    assert_eq!(anothers.status, StatusCode::OK);
    let password = format!("{}/password", of(&ada));
    let anothers = ask_as(&admin, "PUT", &password).await;
    assert_eq!(anothers.status, StatusCode::FORBIDDEN);
    let own = ask_as(&ada, "PUT", &password).await;
    assert_eq!(own.status, StatusCode::OK);
}

#[tokio::test]
async fn a_route_that_the_table_forgot_admits_nobody() {
    let admin = Caller {
        role: Role::Admin,
        ..ada()
    };
    let password = format!("/v1/core/users/{}/password", admin.user);
    for path in ["/v1/forgotten", &password] {
        let refused = ask_as(&admin, "GET", path).await;
        assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
    }
}
