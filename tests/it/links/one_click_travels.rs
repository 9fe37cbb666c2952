//! One click, from the visitor to the live subscriber and into the statistics.

use events::{Position, StreamName, Timestamp};
use serde_json::{Value, json};
use service::world;

use crate::stack::{Link, Stack, place};

const TARGET: &str = "https://example.com/spring?x=1#top";

#[tokio::test]
async fn one_click_travels_the_whole_way() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens(TARGET).await;
    let mut watch = ada.watches(&link).await;

    let before = world::now();
    let visitor = stack.visitor();
    let opened = visitor.opens_from("https://news.example/a?b", &link);
    let opened = opened.await.is(302);
    assert_eq!(opened.header("location"), TARGET);
    assert_eq!(opened.header("cache-control"), "private, no-store");

    let heard = watch.click().await;
    let click = &heard["click"];
    let expected = json!({
        "id": click["id"], "link_id": link.id, "slug": link.slug, "occurred_at": click["occurred_at"],
        "country": null, "referrer": "news.example", "browser": "Firefox", "os": "Linux",
        "device": "desktop", "is_bot": false,
    });
    assert_eq!(*click, expected);
    let occurred_at: Timestamp = click["occurred_at"].as_str().unwrap().parse().unwrap();
    assert!((before..=world::now()).contains(&occurred_at));

    stack.visitor().as_a_bot().opens(&link).await.is(302);
    let by_a_bot = watch.click().await;
    assert_eq!(by_a_bot["click"]["is_bot"], true);
    ada.has_seen(position(&by_a_bot));
    assert_eq!(ada.counts(&link, "exclude").await, 1);
    assert_eq!(ada.counts(&link, "include").await, 2);
    assert_eq!(ada.counts(&link, "only").await, 1);
    assert_eq!(ada.counts_all("include").await, 2);
    stack.finish().await;
}

/// Where a live click stands on the log, by its cursor.
fn position(heard: &Value) -> Position {
    let (sequence, index) = place(heard);
    assert_eq!(index, 0, "{heard}");
    Position {
        stream: StreamName::Clicks,
        sequence,
    }
}

#[tokio::test]
async fn a_link_reads_as_it_was_answered_when_it_was_made() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let whole = ada
        .asks_to_shorten(&json!({
            "target": TARGET, "slug": "Spring-26", "title": "Frühling", "tags": ["a", "b", "a"],
            "status": 307, "forward_query": true,
        }))
        .await;
    let whole = Link::of(whole);
    let plain = ada.shortens("https://example.com").await;
    for link in [&whole, &plain] {
        let seen = ada.sees(link).await.is(200);
        assert_eq!(seen.body, link.answer.body);
        assert_eq!(seen.header("etag"), link.answer.header("etag"));
    }
    let listed = ada.lists_links().await.is(200).body;
    let newest_first = json!([plain.answer.body, whole.answer.body]);
    assert_eq!(
        listed,
        json!({ "items": newest_first, "next_cursor": null })
    );

    assert_eq!(whole.answer.body["tags"], json!(["a", "b"]));
    let opened = stack
        .visitor()
        .opens_slug("Spring-26?utm_source=mail")
        .await
        .is(307);
    let forwarded = "https://example.com/spring?x=1&utm_source=mail#top";
    assert_eq!(opened.header("location"), forwarded);
    let short_url = whole.answer.body["short_url"].as_str().unwrap();
    let public_url = stack.world.public_url.clone().unwrap();
    assert_eq!(short_url, format!("{public_url}Spring-26"));
    stack.finish().await;
}
