//! Sessions, members, keys and erasure, as those who live with them see them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::eventually::eventually;
use crate::stack::{PASSWORD, Person, Stack};

async fn asks(person: &Person, method: Method, path: &str, body: &Value) -> u16 {
    let request = person.request(method, path).json(body);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_refresh_token_has_one_child_also_for_two_tabs_at_once() {
    let stack = Stack::start().await;
    let (ada, guest) = (stack.person("ada").await, stack.guest());
    let credentials = json!({ "email": ada.email, "password": PASSWORD });
    let first = guest.asks_to_log_in(&credentials).await.is(200).body;
    let spend = json!({ "refresh_token": first["refresh_token"] });
    let path = "/v1/core/auth/refresh";
    let (one, other) = tokio::join!(ada.posts(path, &spend), ada.posts(path, &spend));
    let (one, other) = (one.is(200).body, other.is(200).body);
    assert_eq!(one["refresh_token"], other["refresh_token"]);
    assert_ne!(one["refresh_token"], first["refresh_token"]);
    let none = json!({ "refresh_token": "mlt_nonsense" });
    let refused = ada.posts(path, &none).await;
    refused.refuses(401, "invalid_refresh_token");
    stack.finish().await;
}

#[tokio::test]
async fn who_has_logged_out_is_locked_out() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    ada.posts("/v1/core/auth/logout", &json!({})).await.is(204);
    ada.is_locked_out().await;
    stack.finish().await;
}

#[tokio::test]
async fn a_suspended_member_is_locked_out_of_that_workspace_alone() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let workspace = ada.user["workspace_id"].clone();
    let members = format!(
        "/v1/core/workspaces/{}/members",
        workspace.as_str().unwrap()
    );
    let wish = json!({ "email": bob.email, "role": "viewer" });
    ada.writes(&members, &wish).await.is(201);
    ada.writes(&members, &wish)
        .await
        .refuses(409, "already_member");
    let credentials =
        json!({ "email": bob.email, "password": PASSWORD, "workspace_id": workspace });
    let inside = stack
        .guest()
        .asks_to_log_in(&credentials)
        .await
        .is(200)
        .body;
    let visiting = bob.with_token(inside["access_token"].as_str().unwrap().to_owned());
    let link = json!({ "target": "https://example.com" });
    assert_eq!(asks(&visiting, Method::POST, "/v1/links", &link).await, 403);
    let user = bob.user["id"].as_str().unwrap();
    let suspend = format!("/v1/core/users/{user}/suspend");
    ada.writes(&suspend, &json!({})).await.is(200);
    visiting.is_locked_out().await;
    bob.sees_herself().await.is(200);
    let refused = stack.guest().asks_to_log_in(&credentials).await;
    refused.refuses(403, "suspended");
    stack.finish().await;
}

#[tokio::test]
async fn an_api_key_does_what_its_scopes_say_until_it_is_revoked() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let wish = json!({ "name": "deploys", "scopes": ["links:write"] });
    let issued = ada.writes("/v1/core/api-keys", &wish).await.is(201).body;
    let program = ada.with_token(issued["key"].as_str().unwrap().to_owned());
    program.shortens("https://example.com").await;
    assert_eq!(program.lists_links().await.status, 403);
    assert_eq!(program.sees_herself().await.status, 403);
    let path = format!("/v1/core/api-keys/{}", issued["id"].as_str().unwrap());
    assert_eq!(asks(&ada, Method::DELETE, &path, &json!({})).await, 204);
    eventually("revoked", async || {
        let answer = program.lists_links().await;
        (answer.status == 401).then_some(()).ok_or(answer.status)
    })
    .await;
    stack.finish().await;
}

#[tokio::test]
async fn an_erased_person_is_gone_and_the_address_is_free() {
    let stack = Stack::start().await;
    let (ada, guest) = (stack.person("ada").await, stack.guest());
    let path = format!("/v1/core/users/{}", ada.user["id"].as_str().unwrap());
    assert_eq!(asks(&ada, Method::DELETE, &path, &json!({})).await, 204);
    ada.is_locked_out().await;
    let credentials = json!({ "email": ada.email, "password": PASSWORD });
    let refused = guest.asks_to_log_in(&credentials).await;
    refused.refuses(401, "invalid_credentials");
    let account = json!({ "email": ada.email, "password": PASSWORD, "name": "Ada" });
    guest.asks_to_register(&account).await.is(201);
    stack.finish().await;
}

#[tokio::test]
async fn another_address_takes_the_place_of_the_first() {
    let stack = Stack::start().await;
    let (ada, guest) = (stack.person("ada").await, stack.guest());
    let path = format!("/v1/core/users/{}", ada.user["id"].as_str().unwrap());
    let wish = json!({ "email": "lovelace@example.com" });
    assert_eq!(asks(&ada, Method::PATCH, &path, &wish).await, 200);
    let log_in = async |email: &str| {
        let credentials = json!({ "email": email, "password": PASSWORD });
        guest.asks_to_log_in(&credentials).await.status
    };
    assert_eq!(log_in("lovelace@example.com").await, 200);
    assert_eq!(log_in(&ada.email).await, 401);
    let account = json!({ "email": ada.email, "password": PASSWORD, "name": "Eve" });
    guest.asks_to_register(&account).await.is(201);
    let taken = asks(&ada, Method::PATCH, &path, &json!({ "email": ada.email })).await;
    assert_eq!(taken, 409);
    stack.finish().await;
}
