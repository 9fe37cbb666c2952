//! The broker crashes under load: what was answered is kept, and nothing is counted twice.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::{StreamExt, stream};
use serde_json::json;

use crate::eventually::eventually;
use crate::stack::{Crowd, Link, Person, Stack};

const CRASHES: usize = 3;
/// Visitors who must be led on before each crash, and after the last one.
const LED_BETWEEN: u64 = 100;
/// People who make links meanwhile, each one after the other.
const MAKERS: usize = 4;

#[tokio::test]
async fn what_was_answered_outlives_crashes_of_the_broker_and_is_counted_once() {
    let mut stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let links = [
        ada.shortens("https://example.com/0").await,
        ada.shortens("https://example.com/1").await,
    ];
    let crowd = Crowd::new(stack.visitor(), &links, 16);
    let goes_on = AtomicBool::new(true);
    let crashes = async {
        for _ in 0..CRASHES {
            crowd.has_led_more(LED_BETWEEN).await;
            stack.world.broker.kill().await;
            stack.world.broker.start_again().await.unwrap();
        }
        crowd.has_led_more(LED_BETWEEN).await;
        goes_on.store(false, Ordering::Relaxed);
    };
    let numbers = (0..).take_while(|_| goes_on.load(Ordering::Relaxed));
    let making = stream::iter(numbers)
        .map(async |number| makes_in_the_end(&ada, number).await)
        .buffer_unordered(MAKERS)
        .collect::<Vec<Link>>();
    let happening = async { tokio::join!(making, crashes).0 };
    let (tallies, made) = crowd.opens_during(happening).await;

    let counted = stack.log().await.clicks().await;
    for (id, tally) in tallies {
        let counted = counted[&id.parse().unwrap()];
        let possible = tally.led..=tally.asked;
        assert!(possible.contains(&counted), "{counted} of {tally:?}");
    }
    // Each wish has come true once.
    let mut listed = BTreeSet::new();
    let mut page = ada.lists_links().await.is(200).body;
    loop {
        for link in page["items"].as_array().unwrap() {
            let twin = !listed.insert(link["target"].as_str().unwrap().to_owned());
            assert!(!twin, "{link} is there twice");
        }
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        page = ada
            .reads(&format!("/v1/links?limit=200&cursor={cursor}"))
            .await
            .is(200)
            .body;
    }
    let targets = made
        .iter()
        .map(|it| it.answer.body["target"].as_str().unwrap());
    assert!(targets.clone().all(|target| listed.contains(target)));
    assert_eq!(listed.len(), made.len() + links.len());
    // That raw rows and counts count what the log holds, the end of every story asserts.
    stack.finish().await;
}

/// Wishes for a link under one key until the answer is yes.
async fn makes_in_the_end(ada: &Person, number: u32) -> Link {
    let wish = json!({ "target": format!("https://example.com/made/{number}") });
    let ada = ada.with_key(&format!("made-{number}"));
    eventually("the link is made", async || {
        let answer = ada.asks_to_shorten(&wish).await;
        if answer.status == 201 {
            return Ok(Link::of(answer));
        }
        Err(answer.refuses(503, "unavailable").body)
    })
    .await
}
