//! Many links in one step: all of them, or none.

use std::collections::HashSet;

use events::StreamName;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::stack::{Answer, Link, Person, Stack};

const LINKS_MAX: usize = 500;
/// More than a decision is made anew.
const FREED: usize = 12;

async fn makes(person: &Person, links: &[Value]) -> Answer {
    person
        .writes("/v1/links/bulk", &json!({ "links": links }))
        .await
}

fn wish(number: usize) -> Value {
    json!({ "target": format!("https://example.com/{number}") })
}

#[tokio::test]
async fn five_hundred_links_are_made_in_one_step_once() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let wishes: Vec<_> = (0..LINKS_MAX).map(wish).collect();
    let ada = ada.with_key("all-at-once");
    let first = makes(&ada, &wishes).await.is(201);
    let again = makes(&ada, &wishes).await.is(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.body, first.body);
    let links = first.body["links"].as_array().unwrap();
    let slugs: HashSet<_> = links
        .iter()
        .map(|it| it["slug"].as_str().unwrap())
        .collect();
    assert_eq!(slugs.len(), LINKS_MAX);
    for number in [0, 1, LINKS_MAX - 1] {
        let link = &links[number];
        let led = stack
            .visitor()
            .opens_slug(link["slug"].as_str().unwrap())
            .await
            .is(302);
        assert_eq!(
            led.header("location"),
            format!("https://example.com/{number}")
        );
        let path = format!("/v1/links/{}", link["id"].as_str().unwrap());
        assert_eq!(ada.reads(&path).await.is(200).body, *link);
    }
    stack.finish().await;
}

fn of_slug(slug: impl Into<String>) -> Value {
    json!({ "target": "https://example.com/", "slug": slug.into() })
}

/// Wishes for slugs that somebody had, and gave up.
async fn freed(person: &Person) -> Vec<Value> {
    let freed: Vec<_> = (0..FREED)
        .map(|it| of_slug(format!("freed-{it}")))
        .collect();
    let link = Link::of(person.asks_to_shorten(&freed[0]).await);
    let next = freed[1..].iter().map(|it| it["slug"].clone());
    for slug in next.chain([json!("kept")]) {
        let change = json!({ "slug": slug, "former_slugs": [] });
        person.edits(&link, &change, None).await.is(200);
    }
    freed
}

#[tokio::test]
async fn slugs_that_were_given_up_are_made_again_together() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let links = freed(&bob).await;
    let made = makes(&ada, &links).await.is(201);
    let slug = |number: usize| &made.body["links"][number]["slug"];
    assert!((0..FREED).all(|it| *slug(it) == links[it]["slug"]));
    stack.finish().await;
}

#[tokio::test]
async fn what_clashes_is_named_behind_slugs_that_were_given_up() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let mut links = freed(&bob).await;
    links.extend([of_slug("new"), of_slug("kept")]);
    let refused = makes(&ada, &links).await.refuses(409, "slug_taken");
    assert_eq!(refused.pointers(), [format!("/links/{}/slug", FREED + 1)]);
    stack.finish().await;
}

#[tokio::test]
async fn what_clashes_is_named_and_nothing_is_made() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    for taken in ["spring", "summer"] {
        bob.asks_to_shorten(&of_slug(taken)).await.is(201);
    }
    let before = stack.log().await.last(StreamName::Links).await;
    let links = ["a", "spring", "b", "a", "summer"].map(of_slug);
    let refused = makes(&ada, &links).await.refuses(409, "slug_taken");
    assert_eq!(
        refused.pointers(),
        ["/links/1/slug", "/links/3/slug", "/links/4/slug"]
    );
    assert_eq!(stack.log().await.last(StreamName::Links).await, before);
    stack.visitor().opens_slug("a").await.is(404);
    stack.finish().await;
}

#[tokio::test]
async fn every_fault_is_told_by_its_entry() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let links = [wish(1), json!({ "target": "nowhere", "slug": "a/b" })];
    let refused = makes(&ada, &links).await.refuses(422, "validation");
    assert_eq!(refused.pointers(), ["/links/1/slug", "/links/1/target"]);
    for count in [0, LINKS_MAX + 1] {
        let wishes: Vec<_> = (0..count).map(wish).collect();
        let refused = makes(&ada, &wishes).await.refuses(422, "validation");
        assert_eq!(refused.pointers(), ["/links"]);
    }
    stack.finish().await;
}

#[tokio::test]
async fn a_bulk_with_slugs_of_its_own_is_answered_again_as_it_was() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await.with_key("own-slugs");
    let links = ["a", "b"].map(of_slug);
    let first = makes(&ada, &links).await.is(201);
    let again = makes(&ada, &links).await.is(201);
    assert_eq!(again.body, first.body);
    let other = makes(&ada, &[of_slug("a")]).await;
    other.refuses(422, "idempotency_mismatch");
    stack.finish().await;
}

#[tokio::test]
async fn an_answer_that_is_too_long_to_be_kept_is_refused_before_anything_is_made() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let target = format!("https://example.com/{}", "x".repeat(2_000));
    let wishes = vec![json!({ "target": target }); LINKS_MAX];
    let before = stack.log().await.last(StreamName::Links).await;
    let refused = makes(&ada.with_key("long"), &wishes).await;
    refused.refuses(413, "too_large");
    assert_eq!(stack.log().await.last(StreamName::Links).await, before);
    makes(&ada, &wishes).await.is(201);
    stack.finish().await;
}

#[tokio::test]
async fn of_several_who_want_the_same_slugs_one_gets_them_all() {
    let stack = Stack::start().await;
    let people = join_all(["ada", "bob", "cyd", "dan"].map(|name| stack.person(name))).await;
    let links: Vec<_> = (0..50)
        .map(|number| of_slug(format!("s{number}")))
        .collect();
    let answers = join_all(people.iter().map(|person| makes(person, &links))).await;
    let made = answers.iter().filter(|it| it.status == 201).count();
    let refused = answers.iter().filter(|it| it.status == 409).count();
    assert_eq!((made, refused), (1, 3), "{answers:#?}");
    stack.finish().await;
}
