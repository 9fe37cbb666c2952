//! Telling visitors apart without knowing them: one hash a day in one workspace, the same in every replica.

use std::collections::BTreeMap;

use events::StreamName;
use events::links::ClickEvent;
use millrace::system::Processes;
use serde_json::{Value, json};

use crate::eventually::eventually;
use crate::stack::{APIS, Answer, Link, Stack};

const TARGET: &str = "https://example.com/";
/// Addresses that the test database knows.
const LINKOPING: &str = "89.160.20.112";
const LONDON: &str = "81.2.69.142";
/// Longer than a story takes.
const STORY_S: i64 = 60;
const DAY_S: i64 = 86_400;

/// What the log keeps of a click.
#[derive(Debug, PartialEq, Eq)]
struct Kept {
    visitor: Option<String>,
    country: Option<String>,
    city: Option<String>,
    is_bot: bool,
}

/// Waits for a day that does not end before the story, since hashes do.
pub(super) async fn a_day_that_lasts() {
    eventually("a new day", async || {
        let left = DAY_S - service::world::now().odt().unix_timestamp() % DAY_S;
        if left > STORY_S { Ok(()) } else { Err(left) }
    })
    .await;
}

/// Two that lead visitors.
async fn two_replicas() -> Stack {
    a_day_that_lasts().await;
    Stack::behind_a_proxy(&[Processes::ALL, APIS]).await
}

async fn opens(stack: &Stack, replica: usize, link: &Link, headers: &[(&str, &str)]) -> Answer {
    let visitor = stack.visitor().at(&stack.replicas[replica]);
    visitor.opens_with(&link.slug, headers).await.is(302)
}

/// All clicks, in the order in which they were made; a message that came again is left out.
async fn kept(stack: &Stack) -> Vec<Kept> {
    let mut clicks = BTreeMap::new();
    for message in stack.log().await.all(StreamName::Clicks).await {
        for ClickEvent { id, time, data, .. } in ClickEvent::decode_batch(&message.body).unwrap() {
            let kept = Kept {
                visitor: data.visitor.map(String::from),
                country: data.country.map(String::from),
                city: data.city.map(String::from),
                is_bot: data.is_bot,
            };
            clicks.insert((time, id.to_string()), kept);
        }
    }
    clicks.into_values().collect()
}

#[tokio::test]
async fn a_visitor_has_one_hash_at_all_replicas_and_another_in_another_workspace() {
    let stack = two_replicas().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let (first, second) = (ada.shortens(TARGET).await, ada.shortens(TARGET).await);
    let others = bob.shortens(TARGET).await;
    let from = [("x-forwarded-for", LINKOPING)];
    opens(&stack, 0, &first, &from).await;
    opens(&stack, 1, &first, &from).await;
    opens(&stack, 1, &second, &from).await;
    opens(&stack, 0, &first, &[("x-forwarded-for", LONDON)]).await;
    opens(&stack, 0, &others, &from).await;
    let kept = kept(&stack).await;
    let hashes: Vec<_> = kept.iter().flat_map(|it| &it.visitor).collect();
    let [one, at_another, of_another_link, neighbour, elsewhere] = hashes[..] else {
        panic!("{kept:?}")
    };
    assert!(one.len() == 16 && one.bytes().all(|it| b"0123456789abcdef".contains(&it)));
    assert_eq!([at_another, of_another_link], [one, one]);
    assert!(neighbour != one && elsewhere != one && neighbour != elsewhere);
    // The address itself is nowhere on the log.
    for message in stack.log().await.all(StreamName::Clicks).await {
        let body = String::from_utf8_lossy(&message.body).into_owned();
        assert!(
            !body.contains(LINKOPING) && !body.contains(LONDON),
            "{body}"
        );
    }
    stack.finish().await;
}

#[tokio::test]
async fn who_wants_to_be_left_alone_and_programs_have_no_hash() {
    let stack = two_replicas().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens(TARGET).await;
    let from = ("x-forwarded-for", LINKOPING);
    for asks in [("dnt", "1"), ("sec-gpc", "1"), ("dnt", "0")] {
        opens(&stack, 0, &link, &[from, asks]).await;
    }
    stack.visitor().as_a_bot().opens(&link).await.is(302);
    let told = kept(&stack).await.into_iter();
    let told: Vec<_> = told
        .map(|it| (it.visitor.is_some(), it.country, it.city, it.is_bot))
        .collect();
    let (sweden, city) = (Some("SE".to_owned()), Some("Linköping".to_owned()));
    assert_eq!(
        told,
        [
            (false, sweden.clone(), None, false),
            (false, sweden.clone(), None, false),
            (true, sweden, city, false),
            (false, None, None, true),
        ]
    );
    stack.finish().await;
}

#[tokio::test]
async fn the_file_tells_where_visitors_are_unless_the_proxy_does() {
    let stack = two_replicas().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens(TARGET).await;
    let (from, says) = (("x-forwarded-for", LONDON), ("cf-ipcountry", "NP"));
    opens(&stack, 0, &link, &[from]).await;
    opens(&stack, 1, &link, &[from, says]).await;
    opens(&stack, 0, &link, &[("x-forwarded-for", "192.0.2.1")]).await;
    let told = kept(&stack).await.into_iter();
    let told: Vec<_> = told.map(|it| (it.country, it.city)).collect();
    let text = |it: &str| Some(it.to_owned());
    let expected = [
        (text("GB"), text("London")),
        (text("NP"), None),
        (None, None),
    ];
    assert_eq!(told, expected);
    stack.finish().await;
}

#[tokio::test]
async fn a_visitor_is_led_to_one_variant_all_day_wherever_and_however_often() {
    let stack = two_replicas().await;
    let ada = stack.person("ada").await;
    let target = |name: &str| json!({ "target": format!("https://example.com/{name}") });
    let targets: Vec<Value> = ["a", "b", "c", "d"].map(target).to_vec();
    let wish = json!({ "target": TARGET, "rules": [{ "name": "abcd", "targets": targets }] });
    let link = Link::of(ada.asks_to_shorten(&wish).await);
    let mut places = Vec::new();
    for host in 0..32 {
        let address = format!("198.51.100.{host}");
        let from = [("x-forwarded-for", &*address)];
        let first = opens(&stack, 0, &link, &from).await;
        for replica in [1, 0, 1] {
            let again = opens(&stack, replica, &link, &from).await;
            assert_eq!(again.header("location"), first.header("location"));
        }
        places.push(first.header("location").to_owned());
    }
    places.sort();
    places.dedup();
    // All 32 draw the same of four once in 4^31 runs.
    assert!(places.len() > 1, "{places:?}");
    stack.finish().await;
}

#[tokio::test]
async fn a_preview_in_a_chat_is_led_and_counted_as_a_program() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens(TARGET).await;
    let visitor = stack.visitor();
    let mut watch = ada.watches(&link).await;
    for agent in [
        "WhatsApp/2.23.20.0 A",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    ] {
        visitor.as_the_program(agent).opens(&link).await.is(302);
        assert_eq!(watch.click().await["click"]["is_bot"], true);
    }
    visitor.opens(&link).await.is(302);
    assert_eq!(watch.click().await["click"]["is_bot"], false);
    stack.catches_up().await;
    assert_eq!(ada.counts(&link, "exclude").await, 1);
    assert_eq!(ada.counts(&link, "include").await, 3);
    stack.finish().await;
}
