//! Lists of sessions, against a real Postgres.

use serde_json::json;
use uuid::Uuid;

use crate::testing::{Stage, each, member_of};

#[tokio::test]
async fn everybody_is_told_their_own_sessions_that_go_on() {
    let (stage, ada, bob) = (Stage::new().await, member_of(1), member_of(9));
    let (earlier, expired) = (Uuid::from_u128(2), Uuid::from_u128(90));
    stage
        .write(format!(
            "insert into core.session_list values
             ('{current}', '{ada}', '{workspace}', 'Firefox', 'Linux', '2026-11-21T10:00Z',
              '2026-11-21T11:00Z', '2999-01-01T00:00Z', 3),
             ('{earlier}', '{ada}', '{workspace}', null, null, '2026-11-21T09:00Z', null,
              '2999-01-01T00:00Z', 2),
             ('{expired}', '{ada}', '{workspace}', null, null, '2026-11-21T09:00Z', null,
              '2026-11-21T09:01Z', 4),
             ('{of_bob}', '{bob}', '{workspace}', null, null, '2026-11-21T09:00Z', null,
              '2999-01-01T00:00Z', 5)",
            current = ada.session().unwrap(),
            of_bob = bob.session().unwrap(),
            ada = ada.user,
            bob = bob.user,
            workspace = ada.workspace,
        ))
        .await;
    let (_, page) = stage.get(&ada, "/v1/core/sessions").await;
    let current = json!({
        "id": ada.session().unwrap(), "current": true, "browser": "Firefox", "os": "Linux",
        "workspace_id": ada.workspace, "created_at": "2026-11-21T10:00:00Z",
        "last_refreshed_at": "2026-11-21T11:00:00Z", "expires_at": "2999-01-01T00:00:00Z",
    });
    assert_eq!(page["items"][0], current);
    assert_eq!(
        each(&page, "id"),
        [json!(ada.session().unwrap()), json!(earlier)]
    );
    assert_eq!(each(&page, "current"), [true, false]);
    let (_, page) = stage.get(&bob, "/v1/core/sessions").await;
    assert_eq!(each(&page, "id"), [json!(bob.session().unwrap())]);
}
