//! Sessions: one login each, with a line of refresh tokens, ended here, from afar, or by a thief's mistake.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::eventually::{eventually, within};
use crate::stack::{Guest, PASSWORD, Person, Stack};

/// A spent token is answered for ten seconds, and not much longer.
const GRACE: Duration = Duration::from_secs(10);
const GRACE_OVER: Duration = Duration::from_secs(20);

async fn logs_in(guest: &Guest, ada: &Person) -> Value {
    let credentials = json!({ "email": ada.email, "password": PASSWORD });
    guest.asks_to_log_in(&credentials).await.is(200).body
}

fn with_token_of(ada: &Person, session: &Value) -> Person {
    ada.with_token(session["access_token"].as_str().unwrap().to_owned())
}

async fn is_locked_out(person: &Person) {
    eventually("locked out", async || {
        let answer = person.sees_herself().await;
        let is_revoked = answer.status == 401 && answer.body["error"] == "token_revoked";
        is_revoked.then_some(()).ok_or(answer.body)
    })
    .await;
}

#[tokio::test]
async fn a_spent_token_gives_the_same_child_for_ten_seconds_and_then_closes_the_session() {
    let stack = Stack::start().await;
    let (ada, guest) = (stack.person("ada").await, stack.guest());
    let first = logs_in(&guest, &ada).await["refresh_token"].clone();
    let spent_at = Instant::now();
    let child = guest.refreshes(&first).await.is(200).body;
    let refused = within(GRACE_OVER, "the grace ends", async || {
        let again = guest.refreshes(&first).await;
        if again.status != 200 {
            return Ok(again);
        }
        assert_eq!(again.body["refresh_token"], child["refresh_token"]);
        Err(again)
    })
    .await;
    refused.refuses(401, "refresh_token_reused");
    let elapsed = spent_at.elapsed();
    assert!(elapsed >= GRACE, "{elapsed:?}");

    // The thief and the owner: neither has anything that is good.
    let refused = guest.refreshes(&child["refresh_token"]).await;
    refused.refuses(401, "invalid_refresh_token");
    is_locked_out(&with_token_of(&ada, &child)).await;
    ada.sees_herself().await.is(200);
    stack.finish().await;
}

#[tokio::test]
async fn a_spent_token_closes_the_session_whatever_workspace_it_is_shown_for() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let guest = stack.guest();
    let first = logs_in(&guest, &ada).await["refresh_token"].clone();
    let child = guest.refreshes(&first).await.is(200).body;
    let elsewhere = json!({ "refresh_token": first, "workspace_id": bob.workspace() });
    let refused = within(GRACE_OVER, "the grace ends", async || {
        let again = ada.posts("/v1/core/auth/refresh", &elsewhere).await;
        // As long as the two tabs may be one's own.
        if again.status == 403 {
            return Err(again);
        }
        Ok(again)
    })
    .await;
    refused.refuses(401, "refresh_token_reused");
    let refused = guest.refreshes(&child["refresh_token"]).await;
    refused.refuses(401, "invalid_refresh_token");
    is_locked_out(&with_token_of(&ada, &child)).await;
    stack.finish().await;
}

#[tokio::test]
async fn a_session_is_ended_from_afar_and_the_one_that_asks_goes_on() {
    let stack = Stack::start().await;
    let (ada, guest) = (stack.person("ada").await, stack.guest());
    let lost = logs_in(&guest, &ada).await;
    let sessions = eventually("two sessions", async || {
        let listed = ada.reads("/v1/core/sessions").await.is(200).body;
        let items = listed["items"].as_array().unwrap().clone();
        (items.len() == 2).then_some(items).ok_or(listed)
    })
    .await;
    let id = |is_current: bool| {
        let found = sessions.iter().find(|it| it["current"] == is_current);
        found.unwrap()["id"].as_str().unwrap()
    };
    let ends = async |session: &str| {
        let path = format!("/v1/core/sessions/{session}");
        let ended = ada.asks(Method::DELETE, &path, &json!({})).await.is(204);
        ada.has_seen(ended.position());
    };
    ends(id(false)).await;
    let refused = guest.refreshes(&lost["refresh_token"]).await;
    refused.refuses(401, "invalid_refresh_token");
    is_locked_out(&with_token_of(&ada, &lost)).await;
    let listed = ada.reads("/v1/core/sessions").await.is(200).body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(listed["items"][0]["id"], id(true));
    // Once more: what is wished is true already.
    ends(id(false)).await;
    stack.finish().await;
}

#[tokio::test]
async fn another_password_needs_the_old_one_and_ends_the_other_sessions_alone() {
    let stack = Stack::start().await;
    let (ada, guest) = (stack.person("ada").await, stack.guest());
    let (here, elsewhere) = (logs_in(&guest, &ada).await, logs_in(&guest, &ada).await);
    let (ada_here, ada_elsewhere) = (with_token_of(&ada, &here), with_token_of(&ada, &elsewhere));
    let path = format!("/v1/core/users/{}/password", ada.id());
    let new = "another battery staple";
    let changes = async |current: &str, new: &str| {
        let wish = json!({ "current_password": current, "new_password": new });
        ada_here.asks(Method::PUT, &path, &wish).await
    };
    let refused = changes("not the right password", new).await;
    let refused = refused.refuses(422, "validation");
    assert_eq!(refused.pointers(), ["/current_password"]);
    let refused = changes(PASSWORD, "short").await.refuses(422, "validation");
    assert_eq!(refused.pointers(), ["/new_password"]);
    ada_elsewhere.sees_herself().await.is(200);

    changes(PASSWORD, new).await.is(204);
    is_locked_out(&ada_elsewhere).await;
    let refused = guest.refreshes(&elsewhere["refresh_token"]).await;
    refused.refuses(401, "invalid_refresh_token");
    ada_here.sees_herself().await.is(200);
    guest.refreshes(&here["refresh_token"]).await.is(200);
    for (password, status) in [(PASSWORD, 401), (new, 200)] {
        let credentials = json!({ "email": ada.email, "password": password });
        guest.asks_to_log_in(&credentials).await.is(status);
    }
    stack.finish().await;
}
