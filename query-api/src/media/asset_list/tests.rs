//! Lists of assets, against a real Postgres.

use serde_json::json;
use uuid::Uuid;

use crate::testing::{Stage, member_of};

#[tokio::test]
async fn assets_are_told_to_their_workspace_alone() {
    let stage = Stage::new().await;
    let (pending, stored) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let workspace = Uuid::from_u128(1);
    stage
        .write(format!(
            "insert into media.asset_list values
             ('{pending}', '{workspace}', 'a.png', 'image/png', 5, null, 'private', 'pending', 'k1',
              '2026-11-21T10:00Z', null, 3),
             ('{stored}', '{workspace}', 'b.png', 'image/png', 6, 'ab', 'public', 'stored', 'k2',
              '2026-11-21T11:00Z', '2026-11-21T11:01Z', 5)"
        ))
        .await;
    let newest = json!({
        "id": stored, "filename": "b.png", "content_type": "image/png", "size": 6, "sha256": "ab",
        "visibility": "public", "state": "stored", "created_at": "2026-11-21T11:00:00Z",
        "stored_at": "2026-11-21T11:01:00Z",
    });
    let one = stage
        .get(&member_of(1), &format!("/v1/media/assets/{stored}"))
        .await;
    assert_eq!(one, (http::StatusCode::OK, newest.clone()));
    let (_, page) = stage.get(&member_of(1), "/v1/media/assets").await;
    assert_eq!(page["items"][0], newest);
    assert_eq!(page["items"][1]["stored_at"], json!(null));
    assert_eq!(page["next_cursor"], json!(null));
    assert_eq!(
        stage
            .get(&member_of(9), &format!("/v1/media/assets/{stored}"))
            .await
            .0,
        404
    );
    assert_eq!(
        stage.get(&member_of(9), "/v1/media/assets").await.1["items"],
        json!([])
    );
}
