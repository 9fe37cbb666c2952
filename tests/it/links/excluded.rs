//! Spam and mistakes are excluded by rule: the counts follow, and the clicks stay where they are.

use millrace::system::Processes;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stack::{Answer, Link, Person, Stack};

const PATH: &str = "/v1/links/exclusions";
const TARGET: &str = "https://example.com/";

async fn opens_from(stack: &Stack, link: &Link, address: &str, more: &[(&str, &str)]) {
    let headers = [&[("x-forwarded-for", address)], more].concat();
    let opened = stack.visitor().opens_with(&link.slug, &headers).await;
    opened.is(302);
}

async fn raw(person: &Person, link: &Link, filter: &str) -> Vec<Value> {
    let path = format!("/v1/links/{}/clicks?bots=include{filter}", link.id);
    let page = person.reads(&path).await.is(200).body;
    page["items"].as_array().unwrap().clone()
}

async fn removes(person: &Person, exclusion: &Answer, version: &str) -> Answer {
    let path = format!("{PATH}/{}", exclusion.body["id"].as_str().unwrap());
    let request = person.request(Method::DELETE, &path);
    let request = request.header("if-match", version);
    Answer::read(request.send().await.unwrap()).await
}

/// Six clicks of people and one of a program from one network, and three that must go on to count.
async fn spam(stack: &Stack, link: &Link) {
    for host in 1..=6 {
        opens_from(stack, link, &format!("198.51.100.{host}"), &[]).await;
    }
    let from = [("x-forwarded-for", "198.51.100.7")];
    let bot = stack.visitor().as_a_bot();
    bot.opens_with(&link.slug, &from).await.is(302);
    opens_from(stack, link, "198.51.100.8", &[("dnt", "1")]).await;
    opens_from(stack, link, "203.0.113.1", &[]).await;
    opens_from(stack, link, "203.0.113.1", &[]).await;
    stack.catches_up().await;
}

/// The network of most clicks.
fn farm(clicks: &[Value]) -> Value {
    let count = |network: &Value| clicks.iter().filter(|it| it["network"] == *network).count();
    let networks = clicks.iter().map(|it| &it["network"]);
    let known = networks.filter(|it| it.is_string());
    known.max_by_key(|it| count(it)).unwrap().clone()
}

#[tokio::test]
async fn spam_of_one_network_is_named_excluded_and_taken_back() {
    super::visitors::a_day_that_lasts().await;
    let stack = Stack::behind_a_proxy(&[Processes::ALL]).await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let (link, of_bob) = (ada.shortens(TARGET).await, bob.shortens(TARGET).await);
    spam(&stack, &link).await;
    spam(&stack, &of_bob).await;
    let farm = farm(&raw(&ada, &link, "").await);
    let wish = json!({ "network": farm, "reason": "a farm of clicks" });
    let added = ada.writes(PATH, &wish).await.is(201);
    assert!(added.header("position").starts_with("CLICKS:"));
    assert_eq!(added.body["network"], farm);

    assert_eq!(ada.counts(&link, "include").await, 3);
    assert_eq!(ada.counts_all("only").await, 0);
    assert_eq!(raw(&ada, &link, "&excluded=true").await.len(), 7);
    assert_eq!(raw(&ada, &link, "&excluded=false").await.len(), 3);
    let list = ada.reads(PATH).await.is(200).body;
    assert_eq!(list["items"][0]["clicks"], 7);
    let mut watch = ada.watches(&link).await;
    opens_from(&stack, &link, "198.51.100.9", &[]).await;
    watch.click().await;
    stack.catches_up().await;
    assert_eq!(ada.counts(&link, "include").await, 3);

    assert_eq!(bob.counts(&of_bob, "include").await, 10);
    assert_eq!(bob.reads(PATH).await.is(200).body["items"], json!([]));
    let etag = added.header("etag");
    removes(&bob, &added, etag).await.refuses(404, "not_found");
    removes(&ada, &added, "\"1\"")
        .await
        .refuses(412, "precondition_failed");
    let removed = removes(&ada, &added, etag).await.is(204);
    ada.has_seen(removed.position());
    assert_eq!(ada.counts(&link, "include").await, 11);
    assert_eq!(ada.counts(&link, "only").await, 1);
    assert_eq!(raw(&ada, &link, "&excluded=true").await.len(), 0);
    removes(&ada, &added, etag).await.refuses(404, "not_found");
    stack.finish().await;
}

#[tokio::test]
async fn a_wish_with_a_key_excludes_once_and_stands_in_one_order_with_the_clicks() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens(TARGET).await;
    stack.visitor().opens(&link).await.is(302);
    stack.visitor().as_a_bot().opens(&link).await.is(302);
    let once = ada.with_key("mistake-1");
    let wish = json!({ "link_id": link.id, "is_bot": false });
    let first = once.writes(PATH, &wish).await.is(201);
    let again = once.writes(PATH, &wish).await.is(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("position"), first.header("position"));
    let other = once.writes(PATH, &json!({ "is_bot": true })).await;
    other.refuses(422, "idempotency_mismatch");
    let list = ada.reads(PATH).await.is(200).body;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    stack.visitor().opens(&link).await.is(302);
    stack.catches_up().await;
    assert_eq!(ada.counts(&link, "include").await, 1);
    assert_eq!(ada.counts(&link, "only").await, 1);
    stack.finish().await;
}

#[tokio::test]
async fn what_is_no_rule_is_refused_as_a_whole() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let of_bob = bob.shortens(TARGET).await;
    let empty = ada.writes(PATH, &json!({ "reason": "all" })).await;
    assert_eq!(empty.refuses(422, "validation").pointers(), [""]);
    let wrong = json!({
        "link_id": of_bob.id, "network": "198.51.100.0/24",
        "from": "2026-11-21T10:00:00Z", "to": "2026-11-20T10:00:00Z",
    });
    let wrong = ada.writes(PATH, &wrong).await.refuses(422, "validation");
    assert_eq!(wrong.pointers(), ["/to", "/network", "/link_id"]);
    stack.finish().await;
}

#[tokio::test]
async fn a_workspace_changes_its_exclusions_only_so_often() {
    let stack = Stack::limited_to("exclusion-workspace=1/3600", &[Processes::ALL]).await;
    let ada = stack.person("ada").await;
    let wish = json!({ "is_bot": true });
    let (first, second) = tokio::join!(ada.writes(PATH, &wish), ada.writes(PATH, &wish));
    let mut told = [first.status, second.status];
    told.sort_unstable();
    assert_eq!(told, [201, 429]);
    stack.finish().await;
}
