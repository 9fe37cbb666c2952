//! `If-Match`: what is meant for one version happens at no other.

use events::core::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::eventually::eventually;
use crate::stack::{Answer, Person, Stack};

/// Nothing has this version.
const STALE: &str = "\"0\"";

/// Asks for a change that is meant for this version.
async fn asks(person: &Person, method: Method, path: &str, body: &Value, version: &str) -> Answer {
    let request = person.request(method, path).header("if-match", version);
    Answer::read(request.json(body).send().await.unwrap()).await
}

async fn ends(person: &Person, path: &str, version: &str) -> Answer {
    asks(person, Method::DELETE, path, &json!({}), version).await
}

#[tokio::test]
async fn a_member_is_changed_and_removed_at_the_version_that_is_meant() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    ada.takes_in(&bob, Role::Viewer).await;
    let (workspace, user) = (ada.workspace(), bob.id());
    let path = format!("/v1/core/workspaces/{workspace}/members/{user}");
    let becomes = async |role: &str, version: &str| {
        let wish = json!({ "role": role });
        asks(&ada, Method::PATCH, &path, &wish, version).await
    };
    let refused = becomes("editor", STALE).await;
    refused.refuses(412, "precondition_failed");
    let first = becomes("editor", "*").await.is(200);
    let second = becomes("admin", first.header("etag")).await.is(200);
    let refused = becomes("viewer", first.header("etag")).await;
    refused.refuses(412, "precondition_failed");
    let refused = ends(&ada, &path, first.header("etag")).await;
    refused.refuses(412, "precondition_failed");
    ends(&ada, &path, second.header("etag")).await.is(204);
    // Who is no member has no version either.
    ends(&ada, &path, STALE).await.refuses(404, "not_found");
    stack.finish().await;
}

#[tokio::test]
async fn a_key_and_a_session_end_at_the_version_that_is_meant() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let wish = json!({ "name": "deploys", "scopes": ["links:read"] });
    let issued = ada.writes("/v1/core/api-keys", &wish).await.is(201).body;
    let path = format!("/v1/core/api-keys/{}", issued["id"].as_str().unwrap());
    let refused = ends(&ada, &path, STALE).await;
    refused.refuses(412, "precondition_failed");
    let seen = ada.reads(&path).await.is(200);
    assert_eq!(seen.body["state"], "active");
    ends(&ada, &path, seen.header("etag")).await.is(204);

    // A login has no position to wait for.
    let session = eventually("a session", async || {
        let sessions = ada.reads("/v1/core/sessions").await.is(200).body;
        let id = sessions["items"][0]["id"].as_str().map(str::to_owned);
        id.ok_or(sessions)
    })
    .await;
    let path = format!("/v1/core/sessions/{session}");
    let refused = ends(&ada, &path, STALE).await;
    refused.refuses(412, "precondition_failed");
    ada.sees_herself().await.is(200);
    ends(&ada, &path, "*").await.is(204);
    ada.is_locked_out().await;
    stack.finish().await;
}
