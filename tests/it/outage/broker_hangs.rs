//! The broker hangs: connections stand, and nothing answers.

use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::stack::Stack;

const CLICKS: u64 = 16;
/// Far longer than the broker is waited for before a click goes to the spool, on a machine that others use too.
const SOON: Duration = Duration::from_secs(2);

#[tokio::test]
async fn visitors_of_known_links_are_led_on_soon_and_counted_once() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens("https://example.com").await;
    let visitor = stack.visitor();
    visitor.opens(&link).await.is(302);

    stack.world.broker.pause();
    let paused = Instant::now();
    for answer in join_all((0..CLICKS).map(|_| visitor.opens(&link))).await {
        answer.is(302);
    }
    assert!(paused.elapsed() < SOON, "after {:?}", paused.elapsed());
    stack.world.broker.resume();
    let counted = stack.log().await.clicks().await;
    assert_eq!(counted[&link.id.parse().unwrap()], CLICKS + 1);
    stack.finish().await;
}

#[tokio::test]
async fn whoever_needs_the_broker_is_told_to_come_again() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let visitor = stack.visitor();

    stack.world.broker.pause();
    let paused = Instant::now();
    let wish = serde_json::json!({ "target": "https://example.com/2" });
    // What is not in the redirect's memory is on the log alone.
    let (opened, made) = tokio::join!(
        visitor.opens_slug("never-heard-of"),
        ada.asks_to_shorten(&wish)
    );
    for answer in [opened, made] {
        let refused = answer.refuses(503, "unavailable");
        assert_eq!(refused.header("retry-after"), "1");
    }
    assert!(
        paused.elapsed() < Duration::from_secs(15),
        "{:?}",
        paused.elapsed()
    );
    stack.world.broker.resume();

    let link = ada.shortens("https://example.com/3").await;
    visitor.opens(&link).await.is(302);
    stack.finish().await;
}
