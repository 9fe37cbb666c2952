//! How many links may be meant, against a real Postgres.

use axum::response::IntoResponse;
use events::WorkspaceId;
use serde_json::json;

use super::super::scope::{Scope, Which};
use super::{WORKSPACE, given};
use crate::testing::body;

async fn answer(links_max: usize, which: serde_json::Value) -> Result<usize, serde_json::Value> {
    // Both links are on this domain.
    let stage = given(&[]).await;
    stage
        .write("update links.link_list set tags = '{mail}'".to_owned())
        .await;
    let mut read = stage.admin.acquire().await.unwrap();
    sqlx::raw_sql("set search_path to links")
        .execute(&mut *read)
        .await
        .unwrap();
    let which: Which = serde_json::from_value(which).unwrap();
    let workspace = WorkspaceId::new(WORKSPACE);
    match Scope::of_at_most(links_max, &mut read, workspace, &which).await {
        Ok(scope) => Ok(scope.links.unwrap().len()),
        Err(problem) => Err(body(problem.into_response()).await.1["errors"].clone()),
    }
}

#[tokio::test]
async fn as_many_links_as_may_be_meant_pass_and_one_more_is_told_of_what_was_given() {
    let domain = json!({ "domain": "go.example.com" });
    assert_eq!(answer(2, domain.clone()).await, Ok(2));
    let detail = "means more than 1 links: ask for all, or for fewer";
    let fault = |pointer: &str| json!({ "pointer": pointer, "detail": detail });
    assert_eq!(answer(1, domain).await, Err(json!([fault("/domain")])));
    let tag = json!({ "tag": "mail" });
    assert_eq!(answer(1, tag).await, Err(json!([fault("/tag")])));
    let both = json!({ "domain": "go.example.com", "tag": "mail" });
    assert_eq!(
        answer(1, both).await,
        Err(json!([fault("/tag"), fault("/domain")]))
    );
}
