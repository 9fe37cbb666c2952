//! Rules: some visitors are led elsewhere, and their clicks tell by which rule.

use std::collections::BTreeMap;

use events::StreamName;
use events::links::ClickEvent;
use serde_json::json;

use crate::stack::{Link, Stack};

#[tokio::test]
async fn the_first_rule_that_fits_leads_and_the_click_tells_it() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let rule = |name: &str, when: serde_json::Value| {
        let target = format!("https://example.com/{name}");
        json!({ "name": name, "when": when, "targets": [{ "target": target }] })
    };
    let wish = json!({
        "target": "https://example.com/own",
        "rules": [
            rule("nepali", json!({ "languages": ["ne"] })),
            rule("mail", json!({ "query": [{ "name": "ref", "value": "mail" }] })),
            rule("past", json!({ "until": "2020-01-01T00:00:00Z" })),
            rule("firefox-on-linux", json!({ "browsers": ["Firefox"], "systems": ["linux"], "countries": [] })),
        ],
    });
    let link = Link::of(ada.asks_to_shorten(&wish).await);
    let visitor = stack.visitor();
    let mut watch = ada.watches(&link).await;
    for (path, headers, rule) in [
        ("", vec![("accept-language", "ne-NP, en;q=0.5")], "nepali"),
        ("?ref=mail", vec![], "mail"),
        ("", vec![], "firefox-on-linux"),
    ] {
        let path = format!("{}{path}", link.slug);
        let led = visitor.opens_with(&path, &headers).await.is(302);
        assert_eq!(
            led.header("location"),
            format!("https://example.com/{rule}")
        );
        watch.click().await;
    }
    let bot = visitor.as_a_bot().opens(&link).await.is(302);
    assert_eq!(bot.header("location"), "https://example.com/own");
    let messages = stack.log().await.all(StreamName::Clicks).await;
    let clicks = messages
        .iter()
        .flat_map(|it| ClickEvent::decode_batch(&it.body).unwrap());
    let rules: Vec<_> = clicks.map(|it| it.data.rule.map(String::from)).collect();
    let expected = [Some("nepali"), Some("mail"), Some("firefox-on-linux"), None]
        .map(|it| it.map(str::to_owned));
    assert_eq!(rules, expected);
    stack.finish().await;
}

#[tokio::test]
async fn variants_share_the_visitors_by_their_weights() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let target = |name: &str, weight: u32| json!({ "target": format!("https://example.com/{name}"), "weight": weight });
    let wish = json!({
        "target": "https://example.com/own",
        "rules": [{ "name": "ab", "targets": [target("a", 3), target("b", 1)] }],
    });
    let link = Link::of(ada.asks_to_shorten(&wish).await);
    let visitor = stack.visitor();
    // Nobody is led to the link's own.
    let told = visitor.opens_slug(&format!("{}+", link.slug)).await.is(200);
    let both = ["https://example.com/a", "https://example.com/b"];
    assert_eq!(told.body["targets"], json!(both));
    let mut led: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..400 {
        // Who wants to be nobody is somebody else each time.
        let answer = visitor.opens_with(&link.slug, &[("dnt", "1")]).await;
        let answer = answer.is(302);
        *led.entry(answer.header("location").to_owned()).or_default() += 1;
    }
    let (a, b) = (led["https://example.com/a"], led["https://example.com/b"]);
    assert_eq!(a + b, 400);
    // 100 are expected of 400; five standard deviations are 43.
    assert!(b.abs_diff(100) <= 43, "{led:?}");
    stack.finish().await;
}
