//! Postgres away: redirects, writes and live subscriptions go on, and afterwards nothing is missing.

use std::time::Duration;

use futures::future::join_all;
use millrace::system::Processes;
use serde_json::Value;

use crate::eventually::{eventually, within};
use crate::stack::{Database, Person, Stack};

/// A read may wait for its database, but not long.
const REFUSED_WITHIN: Duration = Duration::from_secs(6);
const READS: [&str; 4] = [
    "/v1/links",
    "/v1/links/stats",
    "/v1/core/users/me",
    "/v1/media/assets",
];
const CLICKS: usize = 40;

#[tokio::test]
async fn redirects_writes_and_subscriptions_go_on_without_postgres() {
    let mut stack = Stack::over(Database::own().await, &[Processes::ALL]).await;
    let ada = stack.person("ada").await;
    let before = ada.shortens("https://example.com/before").await;
    ada.sees(&before).await.is(200);
    let mut watch = ada.watches_all().await;
    stack.world.postgres().kill().await;

    let during = ada.shortens("https://example.com/during").await;
    for _ in 0..CLICKS {
        for link in [&before, &during] {
            stack.visitor().opens(link).await.is(302);
        }
    }
    let heard = watch.clicks(2 * CLICKS).await;
    for link in [&before, &during] {
        let is_of = |frame: &&Value| frame["click"]["link_id"] == link.id.as_str();
        assert_eq!(heard.iter().filter(is_of).count(), CLICKS);
    }
    // A whole account can be made, and used.
    let eve = stack.person("eve").await;
    let of_eve = eve.shortens("https://example.com/eve").await;
    stack.visitor().opens(&of_eve).await.is(302);

    join_all(READS.map(|path| is_refused(&ada, path))).await;
    let guest = stack.guest();
    within(
        Duration::from_secs(15),
        "readiness tells of it",
        async || {
            let answer = guest.asks_whether_it_is_ready().await;
            let missing = answer.body["missing"].as_array().cloned();
            let names = |it: &Value| it["component"] == "query_database";
            let is_told = missing.unwrap_or_default().iter().any(names);
            if is_told && answer.status == 503 {
                Ok(())
            } else {
                Err(answer)
            }
        },
    )
    .await;

    stack.world.postgres().start_again().await.unwrap();
    eventually("it is ready again", async || {
        let answer = guest.asks_whether_it_is_ready().await;
        if answer.status == 200 {
            Ok(())
        } else {
            Err(answer.body)
        }
    })
    .await;
    ada.sees(&during).await.is(200);
    eve.sees_herself().await.is(200);
    let last = heard.last().unwrap()["cursor"].as_str().unwrap();
    let (sequence, _) = last.split_once('.').unwrap();
    ada.has_seen(format!("CLICKS:{sequence}").parse().unwrap());
    for link in [&before, &during] {
        assert_eq!(ada.counts(link, "include").await, CLICKS as u64);
    }
    stack.finish().await;
}

async fn is_refused(ada: &Person, path: &str) {
    let asked = tokio::time::timeout(REFUSED_WITHIN, ada.reads(path)).await;
    let refused = asked.expect(path).refuses(503, "unavailable");
    assert!(!refused.header("retry-after").is_empty(), "{path}");
}
