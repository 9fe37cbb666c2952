//! A link's life: changed, renamed, archived, restored; and every replica leads as it says.

use std::cell::Cell;
use std::time::{Duration, Instant};

use millrace::system::Processes;
use serde_json::{Value, json};

use crate::eventually::within;
use crate::stack::{APIS, Link, Stack, Visitor};

const TARGET: &str = "https://example.com/";
/// What a change takes to be seen everywhere; half of some must, so that one slow moment is no failure.
const VISIBLE_WITHIN: Duration = Duration::from_millis(100);

/// Waits until a replica leads there; a tenth of a second is promised, and one wait may take longer on a busy machine.
async fn is_led_to(visitor: &Visitor, link: &Link, target: &str) {
    slug_leads_to(visitor, &link.slug, target).await;
}

async fn slug_leads_to(visitor: &Visitor, slug: &str, target: &str) {
    within(Duration::from_secs(2), "the change is seen", async || {
        let answer = visitor.opens_slug(slug).await;
        if answer.header("location") == target {
            Ok(())
        } else {
            Err(answer)
        }
    })
    .await;
}

#[tokio::test]
async fn a_change_is_seen_by_every_replica() {
    let stack = Stack::of(&[Processes::ALL, APIS]).await;
    let ada = stack.person("ada").await;
    let link = ada.shortens(TARGET).await;
    let visitors = [
        stack.visitor().at(&stack.replicas[0]),
        stack.visitor().at(&stack.replicas[1]),
    ];
    for visitor in &visitors {
        is_led_to(visitor, &link, TARGET).await;
    }
    let mut waits = [const { Vec::new() }; 2];
    for round in 0..20 {
        let target = format!("https://example.com/{round}");
        let change = json!({ "target": target });
        ada.edits(&link, &change, None).await.is(200);
        let answered = Instant::now();
        let wait = async |visitor: &Visitor| {
            is_led_to(visitor, &link, &target).await;
            answered.elapsed()
        };
        let took = tokio::join!(wait(&visitors[0]), wait(&visitors[1]));
        waits[0].push(took.0);
        waits[1].push(took.1);
    }
    for mut waits in waits {
        waits.sort_unstable();
        let median = waits[waits.len() / 2];
        assert!(median <= VISIBLE_WITHIN, "{median:?} of {waits:?}");
    }
    stack.finish().await;
}

#[tokio::test]
async fn a_change_is_seen_whatever_the_spelling() {
    let stack = Stack::start().await;
    let (ada, visitor) = (stack.person("ada").await, stack.visitor());
    let wish = json!({ "target": TARGET, "slug": "Spring" });
    let link = Link::of(ada.asks_to_shorten(&wish).await);
    let change = json!({ "slug": "summer" });
    for round in 0..3 {
        let target = format!("https://example.com/{round}");
        ada.edits(&link, &json!({ "target": target }), None)
            .await
            .is(200);
        if round == 1 {
            ada.edits(&link, &change, None).await.is(200);
        }
        // Twice, since the second visit is answered from memory.
        for slug in ["Spring", "SPRING", "spring", "Spring", "SPRING", "spring"] {
            slug_leads_to(&visitor, slug, &target).await;
        }
    }
    slug_leads_to(&visitor, "SUMMER", "https://example.com/2").await;
    stack.finish().await;
}

#[tokio::test]
async fn what_is_left_out_stays_and_both_apis_tell_the_same() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let wish = json!({
        "target": TARGET, "slug": "spring", "title": "Sale", "tags": ["mail"], "notes": "a\nb",
        "status": 307, "forward_query": true, "max_clicks": 7, "utm": { "source": "mail" },
        "expires_at": "2099-01-01T00:00:00Z", "expired_target": "https://example.com/over",
        "rules": [{ "name": "np", "when": { "countries": ["np"] }, "targets": [{ "target": "https://example.com/np" }] }],
    });
    let link = Link::of(ada.asks_to_shorten(&wish).await);
    let mut expected = link.answer.body.clone();
    assert_eq!(ada.sees(&link).await.is(200).body, expected);

    let change = json!({ "title": null, "tags": ["post"], "max_clicks": null });
    let changed = ada.edits(&link, &change, None).await.is(200);
    expected["title"] = Value::Null;
    expected["tags"] = json!(["post"]);
    expected["max_clicks"] = Value::Null;
    assert_eq!(changed.body, expected);
    let seen = ada.sees(&link).await.is(200);
    assert_eq!(seen.body, expected);
    assert_eq!(seen.header("etag"), changed.header("etag"));
    stack.finish().await;
}

#[tokio::test]
async fn a_change_that_was_made_for_another_version_is_refused() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens(TARGET).await;
    let version = link.answer.header("etag");
    let change = json!({ "title": "first" });
    ada.edits(&link, &change, Some(version)).await.is(200);
    let late = json!({ "title": "second" });
    let refused = ada.edits(&link, &late, Some(version)).await;
    refused.refuses(412, "precondition_failed");
    assert_eq!(ada.sees(&link).await.body["title"], "first");
    stack.finish().await;
}

#[tokio::test]
async fn a_former_slug_leads_on_until_it_is_given_up_and_then_is_anybodys() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let wish = |slug: &str| json!({ "target": TARGET, "slug": slug });
    let link = Link::of(ada.asks_to_shorten(&wish("spring")).await);
    let renamed = ada
        .edits(&link, &json!({ "slug": "summer" }), None)
        .await
        .is(200);
    assert_eq!(renamed.body["former_slugs"], json!(["spring"]));
    let visitor = stack.visitor();
    for slug in ["spring", "summer"] {
        visitor.opens_slug(slug).await.is(302);
        bob.asks_to_shorten(&wish(slug))
            .await
            .refuses(409, "slug_taken");
    }

    let given_up = ada.edits(&link, &json!({ "former_slugs": [] }), None).await;
    assert_eq!(given_up.is(200).body["former_slugs"], json!([]));
    within(
        Duration::from_secs(2),
        "the slug is free",
        async || match visitor.opens_slug("spring").await.status {
            404 => Ok(()),
            status => Err(status),
        },
    )
    .await;
    let taken = json!({ "target": "https://example.org/", "slug": "spring" });
    let of_bob = Link::of(bob.asks_to_shorten(&taken).await);
    is_led_to(&visitor, &of_bob, "https://example.org/").await;
    visitor.opens_slug("summer").await.is(302);
    // And back again: its own former slug is no stranger's.
    ada.edits(&link, &json!({ "slug": "autumn" }), None)
        .await
        .is(200);
    ada.edits(&link, &json!({ "slug": "summer" }), None)
        .await
        .is(200);
    stack.finish().await;
}

#[tokio::test]
async fn a_slug_of_another_cannot_be_taken_over() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let wish = json!({ "target": TARGET, "slug": "spring" });
    ada.asks_to_shorten(&wish).await.is(201);
    let link = bob.shortens(TARGET).await;
    let refused = bob.edits(&link, &json!({ "slug": "spring" }), None).await;
    refused.refuses(409, "slug_taken");
    let strange = bob
        .edits(&link, &json!({ "former_slugs": ["spring"] }), None)
        .await;
    assert_eq!(
        strange.refuses(422, "validation").pointers(),
        ["/former_slugs/0"]
    );
    stack.finish().await;
}

#[tokio::test]
async fn an_archived_link_leads_nowhere_keeps_its_slug_and_can_be_restored() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens(TARGET).await;
    let visitor = stack.visitor();
    visitor.opens(&link).await.is(302);
    let led = Cell::new(1);
    ada.archives(&link).await.is(204);
    within(
        Duration::from_secs(2),
        "it is archived",
        async || match visitor.opens(&link).await {
            gone if gone.status == 410 => Ok(gone.refuses(410, "link_archived")),
            answer => {
                led.set(led.get() + 1);
                Err(answer.is(302))
            }
        },
    )
    .await;
    let taken = json!({ "target": TARGET, "slug": link.slug });
    ada.asks_to_shorten(&taken).await.refuses(409, "slug_taken");
    assert_eq!(ada.sees(&link).await.is(200).body["state"], "archived");
    assert_eq!(ada.lists_links().await.is(200).body["items"], json!([]));
    // Once more changes nothing.
    ada.archives(&link).await.is(204);

    let restored = ada.restores(&link).await.is(200);
    assert_eq!(restored.body["state"], "open");
    is_led_to(&visitor, &link, TARGET).await;
    stack.catches_up().await;
    // Who was led before it was heard of is counted like everybody.
    assert_eq!(ada.counts(&link, "exclude").await, led.get() + 1);
    stack.finish().await;
}

#[tokio::test]
async fn links_of_another_workspace_cannot_be_changed() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let link = ada.shortens(TARGET).await;
    let change = json!({ "target": "https://evil.example/" });
    bob.edits(&link, &change, None)
        .await
        .refuses(404, "not_found");
    bob.archives(&link).await.refuses(404, "not_found");
    bob.restores(&link).await.refuses(404, "not_found");
    let answer = stack.visitor().opens(&link).await.is(302);
    assert_eq!(answer.header("location"), TARGET);
    stack.finish().await;
}

#[tokio::test]
async fn where_a_link_leads_can_be_looked_at_first() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let wish = json!({ "target": "https://example.com/?a=1&b=<2>", "slug": "spring", "title": "<b>Sale</b>" });
    let link = Link::of(ada.asks_to_shorten(&wish).await);
    let visitor = stack.visitor();
    let told = visitor.opens_slug("spring+").await.is(200);
    let target = &link.answer.body["target"];
    let expected =
        json!({ "slug": "spring", "target": target, "targets": [target], "title": "<b>Sale</b>" });
    assert_eq!(told.body, expected);
    let page = visitor
        .opens_with("spring+", &[("accept", "text/html")])
        .await
        .is(200);
    let html = page.body.as_str().unwrap();
    assert!(
        html.contains("https://example.com/?a=1&amp;b=%3C2%3E"),
        "{html}"
    );
    assert!(
        html.contains("&lt;b&gt;Sale&lt;/b&gt;") && !html.contains("<b>"),
        "{html}"
    );
    stack.catches_up().await;
    assert_eq!(ada.counts(&link, "include").await, 0);
    stack.finish().await;
}
