//! Hearing of clicks as they happen: who may, and of which.

use std::time::Duration;

use serde_json::{Value, json};
use time::Duration as Left;
use tokio::time::Instant;

use crate::eventually::within;
use crate::stack::{End, Producer, Stack, Watch, protocols};

const ALL: &str = "/v1/links/clicks/live";

#[tokio::test]
async fn a_browser_subscribes_with_its_token_as_a_subprotocol() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens("https://example.com").await;
    let address = stack.replicas[0].door().address();
    let headers = [protocols(&ada.token)];
    let mut watch = Watch::try_open(address, ALL, &headers, None).await.unwrap();
    assert_eq!(watch.headers["sec-websocket-protocol"], "millrace.v1");
    stack.visitor().opens(&link).await.is(302);
    assert_eq!(watch.click().await["click"]["slug"], link.slug.as_str());
    stack.finish().await;
}

#[tokio::test]
async fn whoever_has_no_good_token_is_refused_before_the_upgrade() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens("https://example.com").await;
    ada.sees(&link).await.is(200);
    let of_link = format!("/v1/links/{}/clicks/live", link.id);
    let expired = stack.world.token(&ada.grant(), Left::seconds(-1));
    let forged = format!("{}x", ada.token);
    let address = stack.replicas[0].door().address();
    for path in [ALL, &of_link] {
        for headers in [
            vec![],
            vec![protocols(&forged)],
            vec![protocols(&expired)],
            vec![("authorization", format!("Bearer {forged}"))],
            vec![("authorization", "Basic YTpi".to_owned())],
        ] {
            let opened = Watch::try_open(address, path, &headers, None).await;
            assert_eq!(opened.err(), Some(End::Refused(401)), "{headers:?}");
        }
    }
    stack.finish().await;
}

#[tokio::test]
async fn a_subscription_ends_with_its_token() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens("https://example.com").await;
    let short = ada.with_token(stack.world.token(&ada.grant(), Left::seconds(3)));
    let (mut ends, mut goes_on) = (short.watches_all().await, ada.watches_all().await);
    assert_eq!(ends.frame().await, Err(End::Closed(4401)));
    stack.visitor().opens(&link).await.is(302);
    goes_on.click().await;
    stack.finish().await;
}

#[tokio::test]
async fn nobody_hears_of_the_clicks_of_others() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let first = ada.shortens("https://example.com/1").await;
    let second = ada.shortens("https://example.com/2").await;
    let of_bob = bob.shortens("https://example.com/3").await;
    let mut watch_all = ada.watches_all().await;
    let mut watch_first = ada.watches(&first).await;
    let mut watch_bob = bob.watches_all().await;
    let visitor = stack.visitor();
    // Clicks are heard in the order of the log: were one of another's heard, it would come before one's own.
    for link in [&of_bob, &second, &first, &of_bob, &first] {
        visitor.opens(link).await.is(302);
    }
    assert_eq!(
        slugs(&watch_all.clicks(3).await),
        [&second.slug, &first.slug, &first.slug]
    );
    assert_eq!(
        slugs(&watch_first.clicks(2).await),
        [&first.slug, &first.slug]
    );
    assert_eq!(
        slugs(&watch_bob.clicks(2).await),
        [&of_bob.slug, &of_bob.slug]
    );
    stack.finish().await;
}

#[tokio::test]
async fn who_is_too_slow_is_told_so_without_a_gap_and_holds_up_nobody() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens("https://example.com").await;
    let address = stack.replicas[0].door().address();
    let mut slow = Watch::open_with_small_buffer(address, ALL, &ada.token).await;
    let producer = Producer::of(&ada, &link, stack.log().await);
    // More than its buffer and those of the system take.
    let mut clicks = 0;
    let guest = stack.guest();
    within(Duration::from_secs(40), "the slow one lags", async || {
        clicks += 2_000;
        producer.packs(clicks).await;
        match guest.reads_the_figure("live_lagged_total").await {
            1 => Ok(()),
            lagged => Err(lagged),
        }
    })
    .await;
    producer.ends().await;
    let mut quick = ada.watches_all().await;
    stack.visitor().opens(&link).await.is(302);
    quick.click().await;

    let mut last = Value::Null;
    let lagged = loop {
        let frame = slow.frame().await.unwrap();
        if frame["type"] == "lagged" {
            break frame;
        }
        last = frame["cursor"].clone();
    };
    assert_eq!(lagged["cursor"], last, "it was told of all up to there");
    assert_eq!(slow.frame().await, Err(End::Closed(4008)));
    stack.finish().await;
}

#[tokio::test]
async fn the_totals_of_a_link_are_told_when_they_change_and_once_a_second_at_most() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let (link, other) = (
        ada.shortens("https://example.com/1").await,
        ada.shortens("https://example.com/2").await,
    );
    let visitor = stack.visitor();
    visitor.opens(&link).await.is(302);
    stack.catches_up().await;
    let mut watch = ada.watches_the_totals_of(&link).await;
    assert_eq!(watch.frame().await.unwrap(), totals(1, 0));

    let opens = async {
        for _ in 0..300 {
            visitor.opens(&other).await.is(302);
            visitor.opens(&link).await.is(302);
        }
        visitor.as_a_bot().opens(&link).await.is(302);
    };
    let hears = async {
        let mut heard = Vec::new();
        while heard.last().is_none_or(|(it, _)| *it != totals(301, 1)) {
            let frame = watch.frame().await.unwrap();
            heard.push((frame, Instant::now()));
        }
        heard
    };
    let ((), heard) = tokio::join!(opens, hears);
    for pair in heard.windows(2) {
        let clicks = |at: usize| pair[at].0["clicks"].as_u64().unwrap();
        assert!(
            clicks(0) <= clicks(1) && pair[0].0 != pair[1].0,
            "{heard:?}"
        );
        // The network may hold one up, and not the next.
        assert!(
            pair[1].1 - pair[0].1 > Duration::from_millis(700),
            "{heard:?}"
        );
    }
    stack.finish().await;
}

fn totals(clicks: u64, bots: u64) -> Value {
    json!({ "type": "totals", "clicks": clicks, "bots": bots })
}

fn slugs(clicks: &[Value]) -> Vec<&str> {
    clicks
        .iter()
        .map(|it| it["click"]["slug"].as_str().unwrap())
        .collect()
}
