//! `Min-Position`: whoever writes may read what she wrote, at once.

use std::time::{Duration, Instant};

use millrace::system::Processes;

use crate::stack::{APIS, PROJECTORS, Stack};

#[tokio::test]
async fn a_write_is_read_at_once_from_any_replica() {
    let stack = Stack::of(&[APIS, PROJECTORS, APIS]).await;
    let ada = stack.person("ada").await;
    let elsewhere = ada.at(&stack.replicas[2]);
    elsewhere.sees_herself().await.is(200);
    for round in 1..=50 {
        let link = ada.shortens("https://example.com").await;
        let reader = if round % 2 == 0 { &ada } else { &elsewhere };
        let seen = reader.sees(&link).await.is(200);
        assert_eq!(seen.body, link.answer.body);
        let listed = reader.lists_links().await.is(200).body;
        assert_eq!(listed["items"].as_array().unwrap().len(), round);
    }
    stack.finish().await;
}

#[tokio::test]
async fn a_position_that_does_not_come_is_waited_for_and_then_refused() {
    let stack = Stack::of(&[Processes::ALL]).await;
    let ada = stack.person("ada").await;
    let asked = Instant::now();
    let refused = ada.reads_after("/v1/links", "CORE:1, LINKS:999999").await;
    let took = asked.elapsed();
    let refused = refused.refuses(503, "unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    let promised = Duration::from_secs(4)..Duration::from_secs(8);
    assert!(promised.contains(&took), "{took:?}");
    // The stream of another read model says nothing about this one.
    ada.reads_after("/v1/links", "MEDIA:999999").await.is(200);
    stack.finish().await;
}

#[tokio::test]
async fn what_is_no_position_is_refused() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    for text in [
        "",
        "LINKS",
        "LINKS:-1",
        "links:1",
        "NOWHERE:1",
        "LINKS:1;CORE:1",
    ] {
        let refused = ada.reads_after("/v1/links", text).await;
        refused.refuses(400, "invalid_min_position");
    }
    stack.finish().await;
}
