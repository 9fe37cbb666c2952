//! Who a user is told to be, against a real Postgres.

use serde_json::{Value, json};
use service::caller::Caller;
use uuid::Uuid;

use crate::testing::{Stage, body, database, member_of};

const BOB: Uuid = Uuid::from_u128(70);

/// Ada, an admin of workspace 1.
async fn stage() -> (Stage, Caller) {
    let (stage, ada) = (Stage::new().await, member_of(1));
    stage
        .write(format!(
            "insert into core.user_profile values
             ('{user}', '{workspace}', 'ada@example.com', 'Ada', '2026-11-21T10:00Z', null, 3);
             insert into core.member_list values
             ('{workspace}', '{user}', 'admin', false, '2026-11-21T10:00Z', 4)",
            user = ada.user,
            workspace = ada.workspace
        ))
        .await;
    (stage, ada)
}

/// Somebody who registered elsewhere, with a workspace of their own.
async fn bob(stage: &Stage, email: &str, erased_at: &str) {
    let own = Uuid::from_u128(71);
    stage
        .write(format!(
            "insert into core.user_profile values
             ('{BOB}', '{own}', {email}, {email}, '2026-11-21T10:00Z', {erased_at}, 7)"
        ))
        .await;
}

fn told(email: Option<&str>, role: Option<&str>, state: &str) -> Value {
    json!({
        "id": BOB, "email": email, "name": email, "workspace_id": Uuid::from_u128(71),
        "role": role, "state": state, "created_at": "2026-11-21T10:00:00Z",
    })
}

#[tokio::test]
async fn callers_are_told_who_they_are() {
    let (stage, ada) = stage().await;
    let answer = stage.ask(&ada, "/v1/core/users/me", &[]).await;
    assert_eq!(answer.headers()["cache-control"], "private, max-age=300");
    assert_eq!(answer.headers()["etag"], "\"3.4\"");
    let me = json!({
        "id": ada.user, "email": "ada@example.com", "name": "Ada", "workspace_id": ada.workspace,
        "role": "admin", "state": "active", "created_at": "2026-11-21T10:00:00Z",
    });
    assert_eq!(body(answer).await, (http::StatusCode::OK, me));
    assert_eq!(stage.get(&member_of(9), "/v1/core/users/me").await.0, 404);
}

#[tokio::test]
async fn members_are_told_of_each_other_and_strangers_are_not() {
    let (stage, ada) = stage().await;
    bob(&stage, "'bob@example.com'", "null").await;
    let path = format!("/v1/core/users/{BOB}");
    assert_eq!(stage.get(&ada, &path).await.0, 404);

    stage
        .write(format!(
            "insert into core.member_list values ('{}', '{BOB}', 'editor', true, now(), 9)",
            ada.workspace
        ))
        .await;
    let answer = stage.ask(&ada, &path, &[]).await;
    assert_eq!(answer.headers()["etag"], "\"7.9\"");
    let bob = told(Some("bob@example.com"), Some("editor"), "suspended");
    assert_eq!(body(answer).await, (http::StatusCode::OK, bob));
    let known = [("if-none-match", "\"7.9\"")];
    assert_eq!(stage.ask(&ada, &path, &known).await.status(), 304);
    assert_eq!(stage.get(&member_of(9), &path).await.0, 404);
}

#[tokio::test]
async fn the_erased_are_told_as_such_where_they_once_did_something() {
    let (stage, ada) = stage().await;
    bob(&stage, "null", "now()").await;
    let path = format!("/v1/core/users/{BOB}");
    assert_eq!(stage.get(&ada, &path).await.0, 404);

    stage
        .write(format!(
            "insert into core.audit_trail values ('LINKS', 1, gen_random_uuid(), '{}', 'a.v1',
             'link', gen_random_uuid(), 'user', '{BOB}', now(), null)",
            ada.workspace
        ))
        .await;
    let erased = told(None, None, "erased");
    assert_eq!(stage.get(&ada, &path).await, (http::StatusCode::OK, erased));
    assert_eq!(stage.get(&member_of(9), &path).await.0, 404);
}

#[tokio::test]
async fn tables_that_are_not_there_yet_are_a_503_and_not_a_fault() {
    let mut stage = Stage::new().await;
    stage.write("drop table core.user_profile".to_owned()).await;
    let answer = stage.ask(&member_of(1), "/v1/core/users/me", &[]).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "1");
    stage.app = crate::testing::app(&database("postgres://nobody@127.0.0.1:1/nowhere"));
    assert_eq!(stage.get(&member_of(1), "/v1/core/users/me").await.0, 503);
}
