//! Domains that no link may lead to: those that do already lead nowhere.

use std::time::Duration;

use serde_json::json;

use crate::eventually::within;
use crate::stack::{Link, Stack};

#[tokio::test]
async fn a_domain_that_is_blocked_later_stops_the_links_that_lead_there() {
    let mut stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let good = ada.shortens("https://good.example/").await;
    let rule = json!({ "name": "ab", "targets": [{ "target": "https://a.bad.example/" }] });
    let wish = json!({ "target": "https://good.example/", "rules": [rule], "slug": "spring" });
    let ruled = Link::of(ada.asks_to_shorten(&wish).await);
    let visitor = stack.visitor();
    visitor.opens(&ruled).await.is(302);

    let blocklist = servers::testing::scratch();
    let file = blocklist.path().join("blocked.txt");
    std::fs::write(&file, "bad.example\n").unwrap();
    stack.world.targets.blocklist = Some(file);
    stack.replicas[0].stop().await;
    stack.replicas[0].start_again(&mut stack.world).await;
    for slug in ["spring", "spring+"] {
        let refused = visitor.opens_slug(slug).await;
        refused.refuses(410, "link_blocked");
    }
    visitor.opens(&good).await.is(302);

    // Its owner helps it.
    let change = json!({ "rules": [] });
    ada.edits(&ruled, &change, None).await.is(200);
    let patience = Duration::from_secs(2);
    within(patience, "it leads again", async || {
        let answer = visitor.opens(&ruled).await;
        match answer.header("location") {
            "https://good.example/" => Ok(()),
            _ => Err(answer),
        }
    })
    .await;
    stack.finish().await;
}
