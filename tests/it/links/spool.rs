//! The broker is away: redirects go on, and every click that was answered is counted once when it is back.

use std::collections::BTreeMap;

use events::StreamName;
use events::links::ClickEvent;
use serde_json::Value;
use sqlx::Row;

use crate::eventually::eventually;
use crate::stack::{Crowd, Link, Person, Stack, Visitor};

/// Visitors who must be led on while the broker is there, while it is away, and after.
const LED_BETWEEN: u64 = 200;
const AT_ONCE: usize = 16;
/// Room for some twenty clicks that come one after another.
const SMALL: u64 = 16 << 10;

/// The clicks that the read model holds, by their campaign.
async fn campaigns(stack: &Stack) -> BTreeMap<String, i64> {
    let sql = "select utm_campaign, count(*) as clicks from links.click_record group by 1";
    let rows = sqlx::query(sql)
        .fetch_all(&stack.world.tables)
        .await
        .unwrap();
    let row = |row: &sqlx::postgres::PgRow| (row.get("utm_campaign"), row.get("clicks"));
    rows.iter().map(row).collect()
}

/// Opens the link once for each campaign, and is led on each time.
async fn opens_each(visitor: &Visitor, link: &Link, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let slug = format!("{}?utm_campaign=c{number}", link.slug);
        visitor.opens_slug(&slug).await.is(302);
    }
}

/// Waits until the statistics have come as far as the log.
async fn catches_up(stack: &Stack, ada: &Person) {
    let last = stack.log().await.last(StreamName::Clicks).await;
    ada.has_seen(format!("CLICKS:{last}").parse().unwrap());
}

fn each(numbers: std::ops::Range<usize>) -> BTreeMap<String, i64> {
    numbers.map(|it| (format!("c{it}"), 1)).collect()
}

#[tokio::test]
async fn without_the_broker_all_are_led_on_and_each_is_counted_once_when_it_is_back() {
    let mut stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let links = [
        ada.shortens("https://example.com/0").await,
        ada.shortens("https://example.com/1").await,
    ];
    let crowd = Crowd::new(stack.visitor(), &links, AT_ONCE);
    let outage = async {
        crowd.has_led_more(LED_BETWEEN).await;
        stack.world.broker.kill().await;
        crowd.has_led_more(LED_BETWEEN).await;
        stack.world.broker.start_again().await.unwrap();
        crowd.has_led_more(LED_BETWEEN).await;
    };
    let (tallies, ()) = crowd.opens_during(outage).await;
    eventually("the spool is drained", async || {
        let drained = stack.guest().reads_the_figure("clicks_drained_total").await;
        (drained >= LED_BETWEEN).then_some(()).ok_or(drained)
    })
    .await;
    catches_up(&stack, &ada).await;
    for link in &links {
        let tally = tallies[&link.id];
        assert_eq!(tally.led, tally.asked, "somebody was not led on");
        assert_eq!(ada.counts(link, "include").await, tally.led);
    }
    stack.finish().await;
}

#[tokio::test]
async fn a_crash_during_the_outage_loses_no_click_and_counts_none_twice() {
    let mut stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens("https://example.com").await;
    let visitor = stack.visitor();
    opens_each(&visitor, &link, 0..20).await;
    stack.world.broker.kill().await;
    opens_each(&visitor, &link, 20..60).await;
    stack.replicas[0].crash();
    stack.world.broker.start_again().await.unwrap();
    stack.replicas[0].start_again(&mut stack.world).await;
    opens_each(&visitor, &link, 60..80).await;
    catches_up(&stack, &ada).await;
    assert_eq!(ada.counts(&link, "include").await, 80);
    assert_eq!(campaigns(&stack).await, each(0..80));
    stack.finish().await;
}

#[tokio::test]
async fn a_full_spool_keeps_the_oldest_and_tells_how_many_it_dropped() {
    let mut stack = Stack::start().await;
    stack.replicas[0].crash();
    stack.replicas[0].spool_bytes_max = SMALL;
    stack.replicas[0].start_again(&mut stack.world).await;
    let ada = stack.person("ada").await;
    let link = ada.shortens("https://example.com").await;
    let (visitor, guest) = (stack.visitor(), stack.guest());
    visitor.looks_at(&link).await.is(302);
    stack.world.broker.kill().await;
    opens_each(&visitor, &link, 0..100).await;
    let waiting = guest.reads_the_figure("click_spool_clicks").await;
    let dropped = guest.reads_the_figure("clicks_dropped_total").await;
    assert_eq!(waiting + dropped, 100);
    assert!(waiting > 10 && dropped > 10, "{waiting} and {dropped}");
    assert!(guest.reads_the_figure("click_spool_bytes").await <= SMALL);
    eventually("readiness tells of it", async || {
        let answer = guest.asks_whether_it_is_ready().await;
        let degraded = answer.body["degraded"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let told = format!(
            "it is full, or its disk takes nothing: {dropped} clicks were dropped since the start"
        );
        let tells = |it: &Value| {
            it["component"] == "spool"
                && it["reason"]
                    .as_str()
                    .is_some_and(|it| it.starts_with(&told))
        };
        if degraded.iter().any(tells) {
            Ok(())
        } else {
            Err(answer)
        }
    })
    .await;

    stack.world.broker.start_again().await.unwrap();
    stack.replicas[0].has_drained().await;
    opens_each(&visitor, &link, 100..110).await;
    catches_up(&stack, &ada).await;
    let kept = usize::try_from(waiting).unwrap();
    assert_eq!(ada.counts(&link, "include").await, waiting + 10);
    let mut expected = each(0..kept);
    expected.extend(each(100..110));
    assert_eq!(campaigns(&stack).await, expected);
    assert_eq!(
        guest.reads_the_figure("clicks_dropped_total").await,
        dropped
    );
    stack.finish().await;
}

#[tokio::test]
async fn what_waited_is_in_the_log_in_the_order_in_which_it_was_answered() {
    let mut stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens("https://example.com").await;
    let visitor = stack.visitor();
    opens_each(&visitor, &link, 0..10).await;
    stack.world.broker.pause();
    opens_each(&visitor, &link, 10..20).await;
    stack.world.broker.kill().await;
    opens_each(&visitor, &link, 20..30).await;
    stack.world.broker.start_again().await.unwrap();
    opens_each(&visitor, &link, 30..40).await;
    let mut campaigns = Vec::new();
    for message in stack.log().await.all(StreamName::Clicks).await {
        for click in ClickEvent::decode_batch(&message.body).unwrap() {
            let campaign = click.data.utm_campaign.unwrap().into_owned();
            // One that was sent twice comes again.
            if !campaigns.contains(&campaign) {
                campaigns.push(campaign);
            }
        }
    }
    let expected: Vec<_> = (0..40).map(|it| format!("c{it}")).collect();
    assert_eq!(campaigns, expected);
    stack.finish().await;
}
