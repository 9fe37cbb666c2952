//! Lists of domains, against a real Postgres.

use serde_json::json;
use uuid::Uuid;

use crate::testing::{Stage, body, each, member_of};

const LIST: &str = "/v1/links/domains";

fn path(number: u128) -> String {
    format!("{LIST}/{}", Uuid::from_u128(number))
}

/// Domains 1 to 3 of workspace 1: one that is pending, a verified one, and the default.
async fn stage() -> Stage {
    let stage = Stage::new().await;
    let verified_at = "'2026-11-21T11:00Z'";
    let rows = [
        ("false", "null"),
        ("false", verified_at),
        ("true", verified_at),
    ];
    for ((is_default, verified_at), number) in rows.iter().zip(1..) {
        stage
            .write(format!(
                "insert into links.domain_list values ('{}', '{}', 'go{number}.example', true,
                 '_millrace.go{number}.example', 'proof', {is_default}, '2026-11-21T10:00Z',
                 {verified_at}, 7)",
                Uuid::from_u128(number),
                member_of(1).workspace,
            ))
            .await;
    }
    stage
}

#[tokio::test]
async fn domains_are_listed_newest_first_with_their_state() {
    let stage = stage().await;
    let (_, page) = stage.get(&member_of(1), LIST).await;
    assert_eq!(each(&page, "state"), ["verified", "verified", "pending"]);
    assert_eq!(each(&page, "is_default"), [true, false, false]);
    let (_, page) = stage.get(&member_of(1), &format!("{LIST}?limit=2")).await;
    let next = page["next_cursor"].as_str().unwrap();
    let next = format!("{LIST}?limit=2&cursor={next}");
    let (_, page) = stage.get(&member_of(1), &next).await;
    assert_eq!(each(&page, "id"), [json!(Uuid::from_u128(1))]);
    assert_eq!(page["next_cursor"], json!(null));
}

#[tokio::test]
async fn a_domain_is_told_with_its_record_and_only_once_to_who_keeps_it() {
    let stage = stage().await;
    let answer = stage.ask(&member_of(1), &path(1), &[]).await;
    assert_eq!(answer.headers()["etag"], "\"7\"");
    let domain = json!({
        "id": Uuid::from_u128(1), "domain": "go1.example", "case_sensitive": true,
        "state": "pending", "is_default": false,
        "record": { "type": "TXT", "name": "_millrace.go1.example", "value": "proof" },
        "created_at": "2026-11-21T10:00:00Z", "verified_at": null,
    });
    assert_eq!(body(answer).await, (http::StatusCode::OK, domain));
    let known = [("if-none-match", "\"7\"")];
    let again = stage.ask(&member_of(1), &path(1), &known).await;
    assert_eq!(again.status(), 304);
    let (_, verified) = stage.get(&member_of(1), &path(2)).await;
    assert_eq!(verified["verified_at"], "2026-11-21T11:00:00Z");
}

#[tokio::test]
async fn another_workspace_sees_nothing_of_it() {
    let stage = stage().await;
    let (_, page) = stage.get(&member_of(9), LIST).await;
    assert_eq!(page["items"], json!([]));
    assert_eq!(stage.get(&member_of(9), &path(1)).await.0, 404);
    assert_eq!(stage.get(&member_of(1), &path(4)).await.0, 404);
}
