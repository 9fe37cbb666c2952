//! Slugs: each leads to one link, whoever asks for it, and wherever.

use std::collections::HashSet;
use std::time::Duration;

use events::StreamName;
use futures::future::join_all;
use millrace::system::Processes;
use serde_json::json;

use crate::eventually::within;
use crate::stack::{Answer, Stack};

const TARGET: &str = "https://example.com/";
/// What looks like something else is in no random slug.
const LOOK_ALIKES: [char; 5] = ['0', 'o', '1', 'i', 'l'];

#[tokio::test]
async fn a_slug_that_is_taken_is_refused_to_everybody() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let wish = json!({ "target": TARGET, "slug": "spring" });
    ada.asks_to_shorten(&wish).await.is(201);
    for person in [&ada, &bob] {
        let refused = person.asks_to_shorten(&wish).await;
        refused.refuses(409, "slug_taken");
    }
    // Case is kept, and tells no slugs apart.
    let upper = json!({ "target": TARGET, "slug": "SPRING" });
    bob.asks_to_shorten(&upper).await.refuses(409, "slug_taken");
    let summer = json!({ "target": TARGET, "slug": "Summer" });
    let summer = bob.asks_to_shorten(&summer).await.is(201);
    assert_eq!(summer.body["slug"], "Summer");
    for spelling in ["Summer", "summer", "SUMMER"] {
        stack.visitor().opens_slug(spelling).await.is(302);
    }
    stack.finish().await;
}

#[tokio::test]
async fn random_slugs_differ_and_cannot_be_misread() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let links = join_all((0..32).map(|_| ada.shortens(TARGET))).await;
    let slugs: HashSet<_> = links.iter().map(|link| link.slug.as_str()).collect();
    assert_eq!(slugs.len(), 32);
    for slug in slugs {
        assert!(slug.len() >= 8 && !slug.contains(LOOK_ALIKES), "{slug}");
    }
    stack.finish().await;
}

#[tokio::test]
async fn a_slug_of_another_script_leads_on() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let wish = json!({ "target": TARGET, "slug": "Gru\u{308}ße" });
    let made = ada.asks_to_shorten(&wish).await.is(201);
    assert_eq!(made.body["slug"], "Gr\u{fc}ße");
    let short_url = made.body["short_url"].as_str().unwrap();
    assert!(short_url.ends_with("/Gr%C3%BC%C3%9Fe"), "{short_url}");
    let opened = stack.visitor().opens_slug("Gr%C3%BC%C3%9Fe").await.is(302);
    assert_eq!(opened.header("location"), TARGET);
    let listed = ada.lists_links().await.is(200);
    assert_eq!(listed.body["items"][0], made.body);
    stack.finish().await;
}

#[tokio::test]
async fn a_link_to_a_short_link_is_refused() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens(TARGET).await;
    let wish = json!({ "target": link.answer.body["short_url"] });
    let refused = ada.asks_to_shorten(&wish).await;
    let refused = refused.refuses(422, "validation");
    assert_eq!(refused.pointers(), ["/target"]);
    let detail = refused.body["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("in a circle"), "{detail}");
    stack.finish().await;
}

#[tokio::test]
async fn words_with_another_use_are_no_slugs() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    for word in ["v1", "V1", "docs", "health", "metrics", "robots"] {
        let wish = json!({ "target": TARGET, "slug": word });
        let refused = ada.asks_to_shorten(&wish).await;
        let refused = refused.refuses(422, "validation");
        assert_eq!(refused.pointers(), ["/slug"], "{word}");
    }
    stack.finish().await;
}

#[tokio::test]
async fn of_many_who_want_one_slug_at_once_one_gets_it() {
    let stack = Stack::of(&[Processes::ALL, Processes::ALL]).await;
    let ada = stack.person("ada").await;
    let at = [ada.at(&stack.replicas[0]), ada.at(&stack.replicas[1])];
    for (round, replicas) in [(0, 1), (1, 2)] {
        let slug = format!("wanted-{round}");
        let wish = |index: usize| {
            let wish = json!({ "target": format!("{TARGET}{index}"), "slug": slug });
            let person = &at[index % replicas];
            async move { person.asks_to_shorten(&wish).await }
        };
        let answers = join_all((0..64).map(wish)).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|it| it.status == 201);
        assert_eq!((won.len(), lost.len()), (1, 63), "over {replicas} replicas");
        for refused in lost {
            refused.refuses(409, "slug_taken");
        }
        let opened = stack.visitor().opens_slug(&slug).await.is(302);
        assert_eq!(opened.header("location"), won[0].body["target"]);
        let listed = ada.lists_links().await.is(200);
        assert_eq!(listed.body["items"].as_array().unwrap().len(), round + 1);
        assert_eq!(listed.body["items"][0], won[0].body);
    }
    stack.finish().await;
}

#[tokio::test]
async fn looking_and_fetching_ahead_are_answered_and_not_counted() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens(TARGET).await;
    let visitor = stack.visitor();
    let leads_on = |answer: Answer| assert_eq!(answer.is(302).header("location"), TARGET);
    leads_on(visitor.looks_at(&link).await);
    leads_on(visitor.fetches_ahead(&link).await);
    // Were they counted, their clicks would be on the log before they were answered.
    assert_eq!(stack.log().await.last(StreamName::Clicks).await, 0);
    leads_on(visitor.opens(&link).await);
    assert_eq!(stack.log().await.last(StreamName::Clicks).await, 1);
    stack.finish().await;
}

#[tokio::test]
async fn a_slug_that_leads_nowhere_is_a_problem() {
    let stack = Stack::start().await;
    let visitor = stack.visitor();
    let overlong = "a".repeat(4_000);
    for slug in ["nowhere", "a%00b", "%E2%80%AE", "*", ">", &overlong] {
        visitor.opens_slug(slug).await.refuses(404, "not_found");
    }
    stack.finish().await;
}

#[tokio::test]
async fn a_new_link_is_found_at_once_where_it_was_just_unknown() {
    let stack = Stack::of(&[Processes::ALL, Processes::ALL]).await;
    let ada = stack.person("ada").await;
    let elsewhere = stack.visitor().at(&stack.replicas[1]);
    for round in 0..5 {
        let slug = format!("soon-{round}");
        elsewhere.opens_slug(&slug).await.is(404);
        let wish = json!({ "target": TARGET, "slug": slug });
        ada.asks_to_shorten(&wish).await.is(201);
        within(
            Duration::from_secs(1),
            "the other replica knows it",
            async || match elsewhere.opens_slug(&slug).await.status {
                302 => Ok(()),
                status => Err(status),
            },
        )
        .await;
    }
    stack.finish().await;
}
