//! How many links a workspace may make: counted by all replicas together, each link of a bulk.

use millrace::system::Processes;
use serde_json::{Value, json};
use service::world;

use crate::eventually::eventually;
use crate::stack::{Answer, COMMAND_API, Stack};

/// Windows are as long as they may be, and begin on the hour.
const WINDOW_S: i64 = 3_600;
/// Longer than a story takes.
const STORY_S: i64 = 40;

fn links(count: usize) -> Value {
    let wish = json!({ "target": "https://example.com/" });
    json!({ "links": vec![wish; count] })
}

#[track_caller]
fn left(answer: &Answer) -> &str {
    let told = answer.header("ratelimit");
    let left = told.strip_prefix(r#""creation-workspace";r="#);
    left.unwrap().split_once(";t=").unwrap().0
}

async fn begins_a_window() {
    eventually("a new window", async || {
        let left = WINDOW_S - world::now().odt().unix_timestamp() % WINDOW_S;
        if left > STORY_S { Ok(()) } else { Err(left) }
    })
    .await;
}

#[tokio::test]
async fn a_workspace_makes_so_many_links_at_all_replicas_together_and_others_are_free() {
    begins_a_window().await;
    let limits = "creation-workspace=10/3600";
    let stack = Stack::limited_to(limits, &[Processes::ALL, COMMAND_API]).await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let elsewhere = ada.at(&stack.replicas[1]);
    let wish = json!({ "target": "https://example.com/" });
    let one = ada.asks_to_shorten(&wish).await.is(201);
    assert_eq!(left(&one), "9");
    let policy = r#""creation-workspace";q=10;w=3600"#;
    assert_eq!(one.header("ratelimit-policy"), policy);
    // What is no wish uses nothing.
    let wrong = json!({ "target": "nowhere" });
    ada.asks_to_shorten(&wrong).await.refuses(422, "validation");
    let many = elsewhere.writes("/v1/links/bulk", &links(8)).await.is(201);
    assert_eq!(left(&many), "1");
    let refused = ada.writes("/v1/links/bulk", &links(2)).await;
    let refused = refused.refuses(429, "too_many_requests");
    assert_eq!(left(&refused), "0");
    let seconds: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=3_600).contains(&seconds), "{seconds}");
    let refused = elsewhere.asks_to_shorten(&wish).await;
    refused.refuses(429, "too_many_requests");
    bob.asks_to_shorten(&wish).await.is(201);
    stack.finish().await;
}

#[tokio::test]
async fn a_new_password_of_a_link_counts_as_a_link_and_a_change_that_cannot_be_uses_nothing() {
    begins_a_window().await;
    let stack = Stack::limited_to("creation-workspace=3/3600", &[Processes::ALL]).await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let link = ada.shortens("https://example.com/").await;
    let version = link.answer.header("etag");
    let password = json!({ "password": "sesame" });
    let changed = ada.edits(&link, &password, Some(version)).await.is(200);
    assert_eq!(left(&changed), "1");
    // Neither an outdated change nor one of a link that isn't hers is worth a hash.
    let late = ada.edits(&link, &password, Some(version)).await;
    assert_eq!(
        late.refuses(412, "precondition_failed").header("ratelimit"),
        ""
    );
    let strange = bob.edits(&link, &password, None).await;
    assert_eq!(strange.refuses(404, "not_found").header("ratelimit"), "");
    let changed = ada.edits(&link, &password, None).await.is(200);
    assert_eq!(left(&changed), "0");
    let refused = ada.edits(&link, &password, None).await;
    refused.refuses(429, "too_many_requests");
    // Only passwords count.
    let others = json!({ "title": "Sale", "password": null });
    ada.edits(&link, &others, None).await.is(200);
    stack.finish().await;
}
