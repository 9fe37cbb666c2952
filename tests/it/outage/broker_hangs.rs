//! The broker hangs: connections stand, and nothing answers.

use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use crate::stack::Stack;

const CLICKS: u64 = 16;
/// How long nobody may be answered; an answer without the broker's would take milliseconds.
const SILENCE: Duration = Duration::from_millis(500);

#[tokio::test]
async fn nobody_is_led_on_before_the_click_is_stored() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens("https://example.com").await;
    let visitor = stack.visitor();
    visitor.opens(&link).await.is(302);

    stack.world.broker.pause();
    let mut opening: FuturesUnordered<_> = (0..CLICKS).map(|_| visitor.opens(&link)).collect();
    let early = tokio::time::timeout(SILENCE, opening.next()).await;
    assert!(early.is_err(), "{early:#?}");
    stack.world.broker.resume();
    while let Some(answer) = opening.next().await {
        answer.is(302);
    }
    let counted = stack.log().await.clicks().await;
    assert_eq!(counted[&link.id.parse().unwrap()], CLICKS + 1);
    stack.finish().await;
}

#[tokio::test]
async fn whoever_waits_too_long_is_told_to_come_again() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens("https://example.com").await;
    let visitor = stack.visitor();
    visitor.opens(&link).await.is(302);

    stack.world.broker.pause();
    let paused = Instant::now();
    let wish = serde_json::json!({ "target": "https://example.com/2" });
    let (opened, made) = tokio::join!(visitor.opens(&link), ada.asks_to_shorten(&wish));
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

    visitor.opens(&link).await.is(302);
    ada.shortens("https://example.com/3").await;
    stack.finish().await;
}
