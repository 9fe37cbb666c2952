//! Who a user is told to be, against a real Postgres.

use serde_json::json;

use crate::testing::{Stage, body, database, member_of};

#[tokio::test]
async fn callers_are_told_who_they_are() {
    let (stage, ada) = (Stage::new().await, member_of(1));
    stage
        .write(format!(
            "insert into core.user_profile values
             ('{}', '{}', 'ada@example.com', 'Ada', 'admin', '2026-11-21T10:00Z', 3)",
            ada.user, ada.workspace
        ))
        .await;
    let answer = stage.ask(&ada, "/v1/core/users/me", &[]).await;
    assert_eq!(answer.headers()["cache-control"], "private, max-age=300");
    assert_eq!(answer.headers()["etag"], "\"3\"");
    let me = json!({
        "id": ada.user, "email": "ada@example.com", "name": "Ada", "workspace_id": ada.workspace,
        "role": "admin", "created_at": "2026-11-21T10:00:00Z",
    });
    assert_eq!(body(answer).await, (http::StatusCode::OK, me));
    assert_eq!(stage.get(&member_of(9), "/v1/core/users/me").await.0, 404);
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

#[tokio::test]
async fn nothing_can_be_written_through_the_reading_side() {
    let stage = Stage::new().await;
    let write = sqlx::query("delete from projection_position").execute(&stage.app.databases.core);
    assert_eq!(
        crate::database::code(&write.await.unwrap_err()).as_deref(),
        Some("25006")
    );
}
