//! Links that end: after so many clicks, exactly, and at their time, exactly.

use std::time::Duration as Wait;

use events::Timestamp;
use futures::future::join_all;
use millrace::system::Processes;
use serde_json::{Value, json};
use service::world;
use time::Duration;

use crate::eventually::within;
use crate::stack::{COMMAND_API, Link, Person, Stack, Visitor};

const TARGET: &str = "https://example.com/";
const PROCESSES: usize = 4;
const CLIENTS: usize = 64;
const CLICKS_MAX: usize = 1_000;
/// Longer than a request takes to arrive, and shorter than the broker is waited for.
const HANGS_UP_AFTER: Wait = Wait::from_millis(300);
/// Longer than it takes to hear that somebody hung up.
const HEARD_AFTER: Wait = Wait::from_millis(200);
/// How soon a link leads on: a second is meant.
const SOON: Wait = Wait::from_secs(4);

fn in_future(duration: Duration) -> Value {
    json!(Timestamp::new(world::now().odt() + duration))
}

/// A link that leads so many visitors.
async fn limited(ada: &Person, clicks_max: usize) -> Link {
    let wish = json!({ "target": TARGET, "max_clicks": clicks_max });
    Link::of(ada.asks_to_shorten(&wish).await)
}

/// Waits until the link leads once more.
async fn leads_again(visitor: &Visitor, link: &Link) {
    within(SOON, "it leads once more", async || {
        match visitor.opens(link).await {
            led if led.status == 302 => Ok(()),
            answer => Err(answer),
        }
    })
    .await;
}

/// So many ask while nobody is answered, and hang up.
async fn hang_up(stack: &Stack, link: &Link, visitors: usize) {
    let visitor = stack.visitor();
    stack.world.broker.pause();
    let asking = join_all((0..visitors).map(|_| visitor.tries_to_open(link)));
    let answered = tokio::time::timeout(HANGS_UP_AFTER, asking).await;
    assert!(answered.is_err(), "{answered:#?}");
    // The server has heard of it before the broker answers.
    tokio::time::sleep(HEARD_AFTER).await;
    stack.world.broker.resume();
}

#[tokio::test]
async fn a_link_of_a_thousand_clicks_leads_a_thousand_times_whoever_asks_whom() {
    let stack = Stack::of(&[Processes::ALL, COMMAND_API, COMMAND_API, COMMAND_API]).await;
    assert_eq!(stack.replicas.len(), PROCESSES);
    let ada = stack.person("ada").await;
    let link = limited(&ada, CLICKS_MAX).await;
    let visitors: Vec<_> = (0..CLIENTS)
        .map(|client| stack.visitor().at(&stack.replicas[client % PROCESSES]))
        .collect();
    let clients = visitors.iter().map(|visitor| async {
        let (mut led, mut refused) = (0, 0);
        // Until nobody can be led any more; each asks a few times beyond.
        while refused < 3 {
            match visitor.opens(&link).await.status {
                302 => led += 1,
                410 => refused += 1,
                status => panic!("neither led nor refused: {status}"),
            }
        }
        led
    });
    let led: usize = join_all(clients).await.into_iter().sum();
    assert_eq!(led, CLICKS_MAX);
    stack
        .visitor()
        .opens(&link)
        .await
        .refuses(410, "link_used_up");
    stack.catches_up().await;
    assert_eq!(ada.counts(&link, "exclude").await, CLICKS_MAX as u64);

    // Those who were refused have used up nothing.
    let more = json!({ "max_clicks": CLICKS_MAX + 1 });
    ada.edits(&link, &more, None).await.is(200);
    let visitor = stack.visitor();
    leads_again(&visitor, &link).await;
    visitor.opens(&link).await.refuses(410, "link_used_up");
    stack.finish().await;
}

#[tokio::test]
async fn a_visit_that_uses_a_link_up_is_a_click_though_the_visitor_hangs_up() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = limited(&ada, 2).await;
    let visitor = stack.visitor();
    visitor.opens(&link).await.is(302);
    hang_up(&stack, &link, 1).await;
    visitor.opens(&link).await.refuses(410, "link_used_up");
    within(SOON, "it is counted", async || {
        match ada.counts(&link, "exclude").await {
            2 => Ok(()),
            clicks => Err(clicks),
        }
    })
    .await;
    stack.finish().await;
}

#[tokio::test]
async fn whoever_is_refused_and_hangs_up_has_used_up_nothing() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = limited(&ada, 1).await;
    let visitor = stack.visitor();
    visitor.opens(&link).await.is(302);
    hang_up(&stack, &link, 5).await;
    let more = json!({ "max_clicks": 2 });
    ada.edits(&link, &more, None).await.is(200);
    leads_again(&visitor, &link).await;
    visitor.opens(&link).await.refuses(410, "link_used_up");
    stack.finish().await;
}

#[tokio::test]
async fn a_link_that_seemed_used_up_leads_again_once_a_visit_is_given_back() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = limited(&ada, 1).await;
    let visitor = stack.visitor();
    visitor.opens(&link).await.is(302);
    visitor.opens(&link).await.refuses(410, "link_used_up");
    // As another process does, whose visitor was counted and not led.
    let (workspace, id) = (ada.workspace().parse(), link.id.parse());
    let broker = stack.log().await.0;
    let given_back = broker.take_back_visit(workspace.unwrap(), id.unwrap());
    assert_eq!(given_back.await.unwrap(), 0);
    leads_again(&visitor, &link).await;
    visitor.opens(&link).await.refuses(410, "link_used_up");
    stack.finish().await;
}

#[tokio::test]
async fn only_visits_since_a_limit_was_first_set_count_towards_it() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens(TARGET).await;
    let visitor = stack.visitor();
    let open = async |times: usize| {
        for _ in 0..times {
            visitor.opens(&link).await.is(302);
        }
    };
    // A link with a limit is not looked at, which tells when the change is heard of.
    let set = async |max: Value, looked: u16| {
        let change = json!({ "max_clicks": max });
        ada.edits(&link, &change, None).await.is(200);
        within(SOON, "the limit is heard of", async || {
            match visitor.looks_at(&link).await {
                answer if answer.status == looked => Ok(()),
                answer => Err(answer),
            }
        })
        .await;
    };
    open(3).await;
    set(json!(2), 403).await;
    open(2).await;
    visitor.opens(&link).await.refuses(410, "link_used_up");
    set(Value::Null, 302).await;
    open(3).await;
    set(json!(3), 403).await;
    open(1).await;
    visitor.opens(&link).await.refuses(410, "link_used_up");
    stack.finish().await;
}

#[tokio::test]
async fn whoever_would_hear_where_it_leads_without_opening_it_is_refused() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = limited(&ada, 1).await;
    let visitor = stack.visitor();
    for answer in [
        visitor.looks_at(&link).await,
        visitor.fetches_ahead(&link).await,
        visitor.opens_slug(&format!("{}+", link.slug)).await,
    ] {
        assert_eq!(answer.header("location"), "");
        assert!(!answer.body.to_string().contains(TARGET), "{answer:#?}");
        answer.is(403);
    }
    visitor.opens(&link).await.is(302);
    visitor.opens(&link).await.is(410);
    stack.finish().await;
}

#[tokio::test]
async fn a_link_ends_at_its_time() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let end = world::now().odt() + Duration::milliseconds(1_500);
    let wish = json!({ "target": TARGET, "expires_at": Timestamp::new(end) });
    let link = Link::of(ada.asks_to_shorten(&wish).await);
    let visitor = stack.visitor();
    let mut led = 0;
    loop {
        let before = world::now().odt();
        let answer = visitor.opens(&link).await;
        let after = world::now().odt();
        match answer.status {
            302 => {
                assert!(before < end, "led {} after its end", before - end);
                led += 1;
            }
            410 => {
                assert!(after >= end, "refused {} before its end", end - after);
                answer.refuses(410, "link_expired");
                break;
            }
            status => panic!("neither led nor refused: {status}"),
        }
    }
    assert!(led > 0);
    assert_eq!(ada.sees(&link).await.body["state"], "expired");
    stack.finish().await;
}

#[tokio::test]
async fn an_expired_link_leads_to_what_comes_after() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let wish = json!({
        "target": TARGET, "expires_at": in_future(Duration::seconds(-1)),
        "expired_target": "https://example.com/over",
    });
    let link = Link::of(ada.asks_to_shorten(&wish).await);
    let answer = stack.visitor().opens(&link).await.is(302);
    assert_eq!(answer.header("location"), "https://example.com/over");
    stack.catches_up().await;
    assert_eq!(ada.counts(&link, "exclude").await, 1);
    stack.finish().await;
}
