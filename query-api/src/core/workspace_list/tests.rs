//! Lists of workspaces, against a real Postgres.

use serde_json::json;
use uuid::Uuid;

use crate::testing::{Stage, each, member_of};

#[tokio::test]
async fn everybody_is_told_the_workspaces_they_belong_to() {
    let (stage, ada, bob) = (Stage::new().await, member_of(1), member_of(9));
    let shop = Uuid::from_u128(50);
    stage
        .write(format!(
            "insert into core.workspace_list values
             ('{own}', null, '{ada}', true, '2026-11-21T10:00Z', 4),
             ('{other}', null, '{bob}', true, '2026-11-21T10:00Z', 5),
             ('{shop}', 'Shop', '{bob}', false, '2026-11-21T11:00Z', 6);
             insert into core.member_list values
             ('{own}', '{ada}', 'admin', false, now(), 4),
             ('{other}', '{bob}', 'admin', false, now(), 5),
             ('{shop}', '{bob}', 'admin', false, now(), 6),
             ('{shop}', '{ada}', 'viewer', true, now(), 7)",
            own = ada.workspace,
            other = bob.workspace,
            ada = ada.user,
            bob = bob.user,
        ))
        .await;
    let (_, page) = stage.get(&ada, "/v1/core/workspaces").await;
    let items = json!([
        { "id": ada.workspace, "name": null, "role": "admin", "is_own": true, "state": "active",
          "created_at": "2026-11-21T10:00:00Z" },
        { "id": shop, "name": "Shop", "role": "viewer", "is_own": false, "state": "suspended",
          "created_at": "2026-11-21T11:00:00Z" },
    ]);
    assert_eq!(page, json!({ "items": items, "next_cursor": null }));
    let (_, page) = stage.get(&bob, "/v1/core/workspaces?limit=1").await;
    assert_eq!(each(&page, "id"), [json!(bob.workspace)]);
    let next = format!(
        "/v1/core/workspaces?cursor={}",
        page["next_cursor"].as_str().unwrap()
    );
    let (_, page) = stage.get(&bob, &next).await;
    assert_eq!(each(&page, "name"), ["Shop"]);
}
