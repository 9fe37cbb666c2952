//! Tokens that are none, or no longer.

use std::time::Duration;

use reqwest::Method;
use service::caller::Tokens;
use service::config::Secret;
use service::world;
use time::Duration as Left;

use super::{Hostile, are_told};
use crate::stack::Stack;

/// `{"alg":"none","typ":"JWT"}`
const UNSIGNED: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";

#[tokio::test]
async fn whoever_has_no_good_token_is_told_why() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let expired = stack.world.token(&ada.grant(), Left::seconds(-1));
    let ([head, claims, signature], [_, of_bob, _]) = (parts(&ada.token), parts(&bob.token));
    let other = Tokens::new(
        &Secret::new("another secret".repeat(3)),
        Duration::from_mins(1),
    );
    let other = other
        .issue(&ada.grant(), world::now(), world::new_id())
        .unwrap();
    let mut requests = Vec::new();
    for (what, header, error) in [
        ("another scheme", "Basic YTpi".to_owned(), "missing_token"),
        ("a scheme alone", "Bearer".to_owned(), "missing_token"),
        ("no token", "Bearer not.a.token".to_owned(), "invalid_token"),
        (
            "an endless one",
            format!("Bearer {}", "a".repeat(9_000)),
            "invalid_token",
        ),
        (
            "an expired one",
            format!("Bearer {expired}"),
            "token_expired",
        ),
        (
            "a changed one",
            format!("Bearer {head}.{of_bob}.{signature}"),
            "invalid_token",
        ),
        (
            "an unsigned one",
            format!("Bearer {UNSIGNED}.{claims}."),
            "invalid_token",
        ),
        (
            "another secret's",
            format!("Bearer {other}"),
            "invalid_token",
        ),
    ] {
        for (method, path) in [
            (Method::GET, "/v1/links"),
            (Method::POST, "/v1/links"),
            (Method::POST, "/v1/media/presign"),
            (Method::GET, "/v1/core/users/me"),
        ] {
            let what = format!("{what}: {method} {path}");
            let request = stack.guest().request(method, path);
            let request = request.header("authorization", &header);
            requests.push(Hostile::new(what, request, 401, error));
        }
    }
    let nothing = stack.guest().request(Method::POST, "/v1/links");
    requests.push(Hostile::new("nothing", nothing, 401, "missing_token"));
    are_told(&stack, requests).await;
    stack.finish().await;
}

fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<_> = token.split('.').collect();
    parts.try_into().unwrap()
}
