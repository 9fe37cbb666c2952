//! Lists of members, against a real Postgres.

use serde_json::json;
use uuid::Uuid;

use crate::testing::{Stage, each, member_of};

/// Members 1 to `count` of workspace 1, of whom the second is suspended, and nobody has a profile but the first.
async fn stage(count: u128) -> Stage {
    let (stage, workspace) = (Stage::new().await, Uuid::from_u128(1));
    for number in 1..=count {
        let user = Uuid::from_u128(number);
        stage
            .write(format!(
                "insert into core.member_list values
                 ('{workspace}', '{user}', 'editor', {}, '2026-11-21T10:00Z', 4)",
                number == 2
            ))
            .await;
    }
    let user = Uuid::from_u128(1);
    stage
        .write(format!(
            "insert into core.user_profile values
             ('{user}', '{workspace}', 'ada@example.com', 'Ada', '2026-11-21T09:00Z', null, 3)"
        ))
        .await;
    stage
}

#[tokio::test]
async fn members_are_listed_to_members() {
    let stage = stage(2).await;
    let of_workspace = format!("/v1/core/workspaces/{}/members", Uuid::from_u128(1));
    for path in ["/v1/core/users", of_workspace.as_str()] {
        let (status, page) = stage.get(&member_of(1), path).await;
        assert_eq!(status, 200, "{page}");
        let first = json!({
            "id": Uuid::from_u128(1), "email": "ada@example.com", "name": "Ada", "role": "editor",
            "state": "active", "joined_at": "2026-11-21T10:00:00Z",
        });
        assert_eq!(page["items"][0], first);
        assert_eq!(page["items"][1]["email"], json!(null));
        assert_eq!(each(&page, "state"), ["active", "suspended"]);
    }
    let (_, page) = stage.get(&member_of(9), "/v1/core/users").await;
    assert_eq!(page["items"], json!([]));
    assert_eq!(stage.get(&member_of(9), &of_workspace).await.0, 404);
}

#[tokio::test]
async fn the_cursor_walks_over_every_member_once() {
    let stage = stage(5).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/core/users?limit=2{cursor}");
        let (_, page) = stage.get(&member_of(1), &path).await;
        seen.extend(each(&page, "id"));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    let all: Vec<_> = (1..=5).map(|it| json!(Uuid::from_u128(it))).collect();
    assert_eq!(seen, all);
}
