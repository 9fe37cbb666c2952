//! Lists of API keys, against a real Postgres.

use serde_json::json;
use uuid::Uuid;

use crate::testing::{Stage, body, each, member_of};

/// Keys 1 to 3 of workspace 1: a good one, one whose time is over, and a revoked one.
async fn stage() -> Stage {
    let (stage, ada) = (Stage::new().await, member_of(1));
    let ends = [
        ("null", "null"),
        ("'2026-01-01T00:00Z'", "null"),
        ("'2026-01-01T00:00Z'", "now()"),
    ];
    for ((expires_at, revoked_at), number) in ends.iter().zip(1..) {
        stage
            .write(format!(
                "insert into core.api_key_list values ('{}', '{}', '{}', 'CI', '{{links:read}}',
                 '2026-01-01T00:00Z', {expires_at}, null, {revoked_at}, 7)",
                Uuid::from_u128(number),
                ada.workspace,
                ada.user
            ))
            .await;
    }
    stage
}

#[tokio::test]
async fn keys_are_listed_newest_first_with_their_state() {
    let stage = stage().await;
    let (_, page) = stage.get(&member_of(1), "/v1/core/api-keys").await;
    assert_eq!(each(&page, "state"), ["revoked", "expired", "active"]);
    let (_, page) = stage.get(&member_of(1), "/v1/core/api-keys?limit=2").await;
    let next = page["next_cursor"].as_str().unwrap();
    let next = format!("/v1/core/api-keys?limit=2&cursor={next}");
    let (_, page) = stage.get(&member_of(1), &next).await;
    assert_eq!(each(&page, "id"), [json!(Uuid::from_u128(1))]);
    let (_, page) = stage.get(&member_of(9), "/v1/core/api-keys").await;
    assert_eq!(page["items"], json!([]));
}

#[tokio::test]
async fn a_key_is_told_without_its_secret_and_its_tag_changes_when_it_expires() {
    let stage = stage().await;
    let path = |number| format!("/v1/core/api-keys/{}", Uuid::from_u128(number));
    let answer = stage.ask(&member_of(1), &path(1), &[]).await;
    assert_eq!(answer.headers()["etag"], "\"7.active\"");
    let key = json!({
        "id": Uuid::from_u128(1), "name": "CI", "scopes": ["links:read"],
        "created_by": member_of(1).user, "created_at": "2026-01-01T00:00:00Z",
        "expires_at": null, "last_used_at": null, "state": "active",
    });
    assert_eq!(body(answer).await, (http::StatusCode::OK, key));
    let answer = stage.ask(&member_of(1), &path(2), &[]).await;
    assert_eq!(answer.headers()["etag"], "\"7.expired\"");
    assert_eq!(stage.get(&member_of(9), &path(1)).await.0, 404);
}
