//! What stands before the body: methods, paths, queries, types, lengths and headers.

use reqwest::Method;

use super::{Hostile, are_told, post};
use crate::stack::{Person, Stack};

const LINK: &str = r#"{"target":"https://example.com"}"#;

#[tokio::test]
async fn a_path_a_method_or_a_query_that_is_not_there_is_refused() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let get = |path: &str, status, error| {
        Hostile::new(path, ada.request(Method::GET, path), status, error)
    };
    let with = |method: Method, path: &str| {
        let what = format!("{method} {path}");
        Hostile::new(what, ada.request(method, path), 405, "method_not_allowed")
    };
    let not_valid = |path: &str, pointer| get(path, 422, "validation").at(&[pointer]);
    let overlong = format!("/v1/links?search={}", "a".repeat(201));
    let requests = vec![
        get("/v1/nowhere", 404, "not_found"),
        get("/v1/links/1", 404, "not_found"),
        get("/v1/links/%00", 404, "not_found"),
        get(
            "/v1/links/01900000-0000-7000-8000-00000000000g/stats",
            404,
            "not_found",
        ),
        get("/v1/media/assets/..%2F..%2Fetc", 404, "not_found"),
        get("/v1/links?cursor=x", 400, "invalid_cursor"),
        with(Method::DELETE, "/v1/links"),
        with(Method::PUT, "/v1/core/users"),
        with(Method::GET, "/v1/core/auth/login"),
        with(Method::POST, "/v1/core/users/me"),
        with(Method::TRACE, "/v1/media/presign"),
        not_valid("/v1/links?limit=0", "/limit"),
        not_valid("/v1/links?limit=201", "/limit"),
        not_valid("/v1/links?limit=x", "/limit"),
        not_valid(&overlong, "/search"),
        not_valid("/v1/links?tag=%00", "/tag"),
        not_valid("/v1/links/stats?tz=Mars/Olympus", "/tz"),
        not_valid("/v1/links/stats?from=yesterday", "/from"),
        not_valid("/v1/links/stats?interval=second", "/interval"),
    ];
    are_told(&stack, requests).await;
    stack.finish().await;
}

#[tokio::test]
async fn a_body_of_another_type_or_over_the_limit_is_refused() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let mebi = format!(
        r#"{{"target":"https://example.com","slug":"{}"}}"#,
        "a".repeat(1 << 20)
    );
    let typed = |content_type: &'static str| {
        let request = ada.request(Method::POST, "/v1/links").body(LINK);
        let request = request.header("content-type", content_type);
        Hostile::new(content_type, request, 415, "unsupported_media_type")
    };
    let untyped = ada.request(Method::POST, "/v1/links").body(LINK);
    let requests = vec![
        typed("text/plain"),
        typed("application/x-www-form-urlencoded"),
        typed("application/jsonp"),
        Hostile::new("no type", untyped, 415, "unsupported_media_type"),
        Hostile::new(
            "a slug of 1 MB",
            post(&ada, "/v1/links", mebi),
            413,
            "too_large",
        ),
    ];
    are_told(&stack, requests).await;
    stack.finish().await;
}

#[tokio::test]
async fn a_header_that_makes_no_sense_is_refused() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let mut requests = Vec::new();
    let overlong = "k".repeat(256);
    for key in ["", "a b", &overlong] {
        let request = post(&ada, "/v1/links", LINK).header("idempotency-key", key);
        requests.push(Hostile::new(
            "a key",
            request,
            400,
            "invalid_idempotency_key",
        ));
    }
    let twice = post(&ada, "/v1/links", LINK);
    let twice = twice
        .header("idempotency-key", "a")
        .header("idempotency-key", "b");
    requests.push(Hostile::new(
        "two keys",
        twice,
        400,
        "invalid_idempotency_key",
    ));
    are_told(&stack, requests).await;
    stack.finish().await;
}

#[tokio::test]
async fn headers_without_end_are_refused() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let log = stack.log().await;
    let ends = log.ends().await;
    let huge = post(&ada, "/v1/links", LINK).header("x-huge", "x".repeat(100_000));
    let mut many = post(&ada, "/v1/links", LINK);
    for index in 0..200 {
        many = many.header(format!("x-{index}"), "x");
    }
    for request in [huge, many] {
        // Refused before it is a request, so without a body; or hung up on while it is still sent.
        if let Ok(answer) = request.send().await {
            assert_eq!(answer.status(), 431);
        }
    }
    assert_eq!(log.ends().await, ends);
    stack.finish().await;
}

#[tokio::test]
async fn a_request_id_that_is_not_sane_is_replaced() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let overlong = "a".repeat(129);
    for id in ["a b", "{\"a\":1}", "", &overlong] {
        let replaced = answered_id(&ada, id).await;
        assert!(replaced.len() == 36 && replaced != id, "{replaced}");
    }
    assert_eq!(answered_id(&ada, "sane-1").await, "sane-1");
    stack.finish().await;
}

async fn answered_id(ada: &Person, id: &str) -> String {
    let request = ada.request(Method::GET, "/v1/links");
    let answer = request.header("x-request-id", id).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned()
}
