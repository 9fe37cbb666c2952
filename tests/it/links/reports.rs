//! Clicks that other servers have answered are counted like one's own.

use events::StreamName;
use futures::future::join_all;
use millrace::system::Processes;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stack::{Answer, COMMAND_API, Link, Person, Stack};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const BOT: &str = "Googlebot/2.1 (+http://www.google.com/bot.html)";

fn path(link: &Link) -> String {
    format!("/v1/links/{}/clicks", link.id)
}

/// Reports, with an `Idempotency-Key`.
async fn reports_once(person: &Person, link: &Link, key: &str, report: &Value) -> Answer {
    let request = person.request(Method::POST, &path(link));
    let request = request.header("idempotency-key", key).json(report);
    Answer::read(request.send().await.unwrap()).await
}

fn clicks(count: usize) -> Value {
    let click = |number: usize| {
        let agent = if number.is_multiple_of(4) {
            BOT
        } else {
            FIREFOX
        };
        json!({ "user_agent": agent, "ip": format!("192.0.2.{}", number % 8), "country": "NP",
                "referrer": "https://News.example/a?b", "utm_source": "mail" })
    };
    json!({ "clicks": (0..count).map(click).collect::<Vec<_>>() })
}

#[tokio::test]
async fn reported_clicks_are_counted_heard_and_kept_like_any() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens("https://example.com/").await;
    let mut watch = ada.watches(&link).await;
    let many = ada.posts(&path(&link), &clicks(200)).await.is(202);
    assert_eq!(many.body, json!({ "clicks": 200 }));
    ada.has_seen(many.position());
    let one = json!({ "occurred_at": "2026-01-31T23:59:59Z", "country": "DE" });
    let one = ada.posts(&path(&link), &one).await.is(202);
    assert_eq!(one.body, json!({ "clicks": 1 }));
    ada.has_seen(one.position());
    let heard = watch.clicks(201).await;
    let first = &heard[1]["click"];
    for (field, value) in [
        ("country", "NP"),
        ("referrer", "news.example"),
        ("browser", "Firefox"),
        ("slug", &link.slug),
    ] {
        assert_eq!(first[field], value, "{field}");
    }
    assert_eq!(heard[200]["click"]["occurred_at"], "2026-01-31T23:59:59Z");
    assert_eq!(ada.counts(&link, "only").await, 50);
    assert_eq!(ada.counts(&link, "exclude").await, 150);
    stack.finish().await;
}

#[tokio::test]
async fn a_report_with_a_key_counts_once_however_often_and_wherever_it_is_sent() {
    let stack = Stack::of(&[Processes::ALL, COMMAND_API]).await;
    let ada = stack.person("ada").await;
    let elsewhere = ada.at(&stack.replicas[1]);
    let link = ada.shortens("https://example.com/").await;
    let report = clicks(1_000);
    let sends = |number: usize| {
        let who = if number.is_multiple_of(2) {
            &ada
        } else {
            &elsewhere
        };
        reports_once(who, &link, "report-1", &report)
    };
    let answers = join_all((0..16).map(sends)).await;
    let first = answers[0].header("position").to_owned();
    for answer in answers {
        let answer = answer.is(202);
        assert_eq!(answer.header("position"), first);
        ada.has_seen(answer.position());
    }
    assert_eq!(ada.counts(&link, "include").await, 1_000);
    let other = reports_once(&ada, &link, "report-1", &clicks(1)).await;
    other.refuses(422, "idempotency_mismatch");
    let messages = stack.log().await.all(StreamName::Clicks).await;
    let clicks = messages.iter().filter(|it| !it.is_claim());
    assert_eq!(clicks.count(), 1);
    stack.finish().await;
}

#[tokio::test]
async fn a_report_of_another_visitor_under_the_same_key_is_refused_and_not_lost_in_silence() {
    let stack = Stack::of(&[Processes::ALL, COMMAND_API]).await;
    let ada = stack.person("ada").await;
    let elsewhere = ada.at(&stack.replicas[1]);
    let link = ada.shortens("https://example.com/").await;
    let one = |ip: &str, agent: &str| json!({ "ip": ip, "user_agent": agent });
    let many = |ip: &str| json!({ "clicks": [one("192.0.2.1", FIREFOX), one(ip, FIREFOX)] });
    for (key, report, others) in [
        (
            "one",
            one("192.0.2.1", FIREFOX),
            [
                one("192.0.2.2", FIREFOX),
                one("192.0.2.1", BOT),
                json!({ "ip": "192.0.2.1" }),
            ],
        ),
        (
            "many",
            many("192.0.2.1"),
            [many("192.0.2.2"), many("::1"), one("192.0.2.1", FIREFOX)],
        ),
    ] {
        reports_once(&ada, &link, key, &report).await.is(202);
        for other in others {
            let refused = reports_once(&ada, &link, key, &other).await;
            refused.refuses(422, "idempotency_mismatch");
        }
        let again = reports_once(&elsewhere, &link, key, &report).await.is(202);
        assert_eq!(again.header("idempotency-replayed"), "true");
    }
    stack.finish().await;
}

#[tokio::test]
async fn what_is_no_report_is_refused_as_a_whole() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let link = ada.shortens("https://example.com/").await;
    bob.posts(&path(&link), &json!({}))
        .await
        .refuses(404, "not_found");
    let wrong = json!({ "clicks": [{ "country": "NP" }, { "country": "npl", "occurred_at": "2999-01-01T00:00:00Z" }] });
    let wrong = ada.posts(&path(&link), &wrong).await;
    let wrong = wrong.refuses(422, "validation");
    let pointers: Vec<_> = wrong.body["errors"].as_array().unwrap().iter().collect();
    assert_eq!(pointers[0]["pointer"], "/clicks/1/occurred_at");
    assert_eq!(pointers[1]["pointer"], "/clicks/1/country");
    for wrong in [
        json!({ "clicks": [] }),
        json!({ "clicks": [{}], "country": "NP" }),
        json!({ "clicks": vec![json!({}); 1_001] }),
    ] {
        ada.posts(&path(&link), &wrong)
            .await
            .refuses(422, "validation");
    }
    assert_eq!(stack.log().await.last(StreamName::Clicks).await, 0);
    stack.finish().await;
}
