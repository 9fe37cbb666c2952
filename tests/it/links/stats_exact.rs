//! Counting exactly under load: what was answered, what was stored, heard and counted are one number.

use std::collections::{BTreeMap, HashMap};

use futures::future::join_all;
use serde_json::Value;

use crate::stack::{Crowd, Stack, place};

const LINKS: usize = 5;
/// Openings by people, and by programs.
const BY_PEOPLE: usize = 1_600;
const BY_BOTS: usize = 400;
const AT_ONCE: usize = 32;

#[tokio::test]
async fn two_thousand_clicks_are_answered_heard_and_counted_alike() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let targets: Vec<_> = (0..LINKS)
        .map(|it| format!("https://example.com/{it}"))
        .collect();
    let links = join_all(targets.iter().map(|it| ada.shortens(it))).await;
    let mut watch = ada.watches_all().await;

    let people = Crowd::new(stack.visitor(), &links, AT_ONCE);
    let bots = Crowd::new(stack.visitor().as_a_bot(), &links, AT_ONCE);
    let (of_people, of_bots, heard) = tokio::join!(
        people.opens(BY_PEOPLE),
        bots.opens(BY_BOTS),
        watch.clicks(BY_PEOPLE + BY_BOTS)
    );

    let log = stack.log().await;
    ada.has_seen("CLICKS:1".parse().unwrap());
    for message in log.all(events::StreamName::Clicks).await {
        ada.has_seen(message.position);
    }
    let heard = by_link(&heard);
    for link in &links {
        let (people, bots) = (of_people[&link.id], of_bots[&link.id]);
        assert_eq!((people.led, bots.led), (people.asked, bots.asked));
        assert_eq!(heard[&link.id], people.led + bots.led);
        assert_eq!(ada.counts(link, "exclude").await, people.led);
        assert_eq!(ada.counts(link, "only").await, bots.led);
        assert_eq!(ada.counts(link, "include").await, people.led + bots.led);
    }
    let all = (BY_PEOPLE + BY_BOTS) as u64;
    assert_eq!(ada.counts_all("include").await, all);
    // That raw rows and counts agree with the log, the end of every story asserts.
    stack.finish().await;
}

/// How many of the frames are of each link; they come in the order of their cursors, none twice.
fn by_link(frames: &[Value]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    let mut ids = HashMap::new();
    let mut last = (0, 0);
    for frame in frames {
        let cursor = place(frame);
        // A message that came again is passed over.
        let begins = cursor.0 > last.0 && cursor.1 == 0;
        let follows = begins || cursor == (last.0, last.1 + 1);
        assert!(follows, "{cursor:?} after {last:?}");
        last = cursor;
        let twin = ids.insert(frame["click"]["id"].as_str().unwrap(), cursor);
        assert_eq!(twin, None, "{frame}");
        let link = frame["click"]["link_id"].as_str().unwrap();
        *counts.entry(link.to_owned()).or_default() += 1;
    }
    counts
}
