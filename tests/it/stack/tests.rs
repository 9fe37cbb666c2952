//! The harness sees what it promises to see.

use super::Stack;

#[tokio::test]
#[should_panic(expected = "without `stack.finish().await`")]
async fn a_story_that_is_not_finished_fails() {
    Stack::start().await;
}

#[tokio::test]
#[should_panic(expected = "parked in links")]
async fn a_story_that_leaves_something_parked_fails() {
    let stack = Stack::start().await;
    let parked = "insert into links.parked_event values ('link_list', 1, 'links.x', 'why')";
    sqlx::query(parked)
        .execute(&stack.world.tables)
        .await
        .unwrap();
    stack.finish().await;
}

#[tokio::test]
#[should_panic(expected = "the counts")]
async fn a_story_after_which_a_click_is_counted_twice_fails() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens("https://example.com").await;
    stack.visitor().opens(&link).await.is(302);
    ada.has_seen("CLICKS:1".parse().unwrap());
    assert_eq!(ada.counts(&link, "include").await, 1);
    sqlx::query("update links.click_count set clicks = clicks + 1")
        .execute(&stack.world.tables)
        .await
        .unwrap();
    stack.finish().await;
}
