//! `Idempotency-Key`: a wish that is sent again, at once or much later, comes true once.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::traces::{of_the_broker, of_the_database, opened_records, places_of};
use crate::stack::{Answer, Guest, PASSWORD, Person, Stack};

const KEY: &str = "order:7/retry#2";
/// Workspaces beside one's own.
const WORKSPACES_MAX: usize = 100;

/// The second answer is the first once more.
#[track_caller]
fn is_replay(first: &Answer, second: &Answer) {
    assert_eq!(first.header("idempotency-replayed"), "");
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!((second.status, &second.body), (first.status, &first.body));
    for name in ["position", "etag", "content-type"] {
        assert!(!first.header(name).is_empty(), "{name} in {first:#?}");
        assert_eq!(second.header(name), first.header(name), "{name}");
    }
}

fn account() -> Value {
    json!({ "email": "eve@example.com", "password": PASSWORD, "name": "Eve" })
}

/// Somebody who has no account, and is to be a member.
fn kim() -> Value {
    json!({ "email": "kim@example.com", "role": "editor" })
}

fn wish() -> Value {
    json!({ "target": "https://example.com/", "slug": "once" })
}

fn announcement() -> Value {
    json!({ "filename": "a.txt", "content_type": "text/plain", "size": 5, "visibility": "private" })
}

fn members_of(workspace: &str) -> String {
    format!("/v1/core/workspaces/{workspace}/members")
}

/// Every POST that takes a key, in the order in which one needs the other.
async fn everything(guest: &Guest, ada: &Person, asset: &str) -> [Answer; 10] {
    let members = members_of(ada.workspace());
    let writes = async |key: &str, path: &str, wish: Value, status| {
        let once = ada.with_key(key);
        once.writes(path, &wish).await.is(status)
    };
    let bob = json!({ "email": "bob@example.com", "role": "editor" });
    let key = json!({ "name": "deploys", "scopes": ["links:write"] });
    let added = writes("member", &members, bob, 201).await;
    let of_bob = format!("/v1/core/users/{}", added.body["user_id"].as_str().unwrap());
    [
        writes("suspended", &format!("{of_bob}/suspend"), json!({}), 200).await,
        writes("again", &format!("{of_bob}/reinstate"), json!({}), 200).await,
        added,
        writes("invited", &members, kim(), 201).await,
        writes("key", "/v1/core/api-keys", key, 201).await,
        writes(
            "founded",
            "/v1/core/workspaces",
            json!({ "name": "Engines" }),
            201,
        )
        .await,
        guest.asks_to_register(&account()).await.is(201),
        ada.asks_to_shorten(&wish()).await.is(201),
        ada.asks_to_upload(&announcement()).await.is(201),
        ada.with_key("done")
            .says_that_it_is_uploaded(asset)
            .await
            .is(200),
    ]
}

#[tokio::test]
async fn a_wish_that_is_sent_again_gets_the_first_answer_even_after_a_restart() {
    let mut stack = Stack::start().await;
    let (ada, _bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let presigned = ada.asks_to_upload(&announcement()).await.is(201).body;
    let asset = presigned["asset"]["id"].as_str().unwrap();
    ada.uploads(&presigned["upload"], b"hello").await.is(200);

    let (guest, ada) = (stack.guest().with_key(KEY), ada.with_key(KEY));
    let log = stack.log().await;
    let first = everything(&guest, &ada, asset).await;
    let ends = log.ends().await;
    let second = everything(&guest, &ada, asset).await;
    stack.replicas[0].stop().await;
    stack.replicas[0].start_again(&mut stack.world).await;
    let third = everything(&guest, &ada, asset).await;
    for (first, (second, third)) in first.iter().zip(second.iter().zip(&third)) {
        is_replay(first, second);
        is_replay(first, third);
    }
    assert_eq!(log.ends().await, ends, "a replay writes nothing");
    stack.finish().await;
}

#[tokio::test]
async fn a_key_stands_for_one_request_of_one_person() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let (ada, bob) = (ada.with_key(KEY), bob.with_key(KEY));
    let free = json!({ "target": "https://example.com/" });
    let first = ada.asks_to_shorten(&free).await.is(201);
    let other = json!({ "target": "https://example.com/other" });
    let refused = ada.asks_to_shorten(&other).await;
    refused.refuses(422, "idempotency_mismatch");
    let spelt_otherwise = json!({ "status": 302, "target": "https://example.com/", "tags": [] });
    is_replay(&first, &ada.asks_to_shorten(&spelt_otherwise).await);

    let of_bob = bob.asks_to_shorten(&free).await.is(201);
    assert_ne!(of_bob.body["id"], first.body["id"]);
    let guest = stack.guest().with_key(KEY);
    guest.asks_to_register(&account()).await.is(201);
    let mut other = account();
    other["password"] = json!("another long password");
    let refused = guest.asks_to_register(&other).await;
    refused.refuses(422, "idempotency_mismatch");
    stack.finish().await;
}

#[tokio::test]
async fn one_wish_sent_many_times_at_once_comes_true_once() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    for (key, wish) in [
        ("random", json!({ "target": "https://example.com/" })),
        ("given", wish()),
    ] {
        let ada = ada.with_key(key);
        let answers = join_all((0..16).map(|_| ada.asks_to_shorten(&wish))).await;
        let is_first = |it: &&Answer| it.header("idempotency-replayed").is_empty();
        let firsts: Vec<_> = answers.iter().filter(is_first).collect();
        assert_eq!(firsts.len(), 1, "{answers:#?}");
        for answer in answers.iter().filter(|it| !is_first(it)) {
            is_replay(firsts[0], answer);
        }
    }
    let listed = ada.lists_links().await.is(200).body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    stack.finish().await;
}

#[tokio::test]
async fn a_wish_that_was_refused_may_be_sent_again_once_it_can_come_true() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let presigned = ada.asks_to_upload(&announcement()).await.is(201).body;
    let asset = presigned["asset"]["id"].as_str().unwrap();
    let once = ada.with_key(KEY);
    let refused = once.says_that_it_is_uploaded(asset).await;
    refused.refuses(409, "not_uploaded");
    ada.uploads(&presigned["upload"], b"hello").await.is(200);
    let first = once.says_that_it_is_uploaded(asset).await.is(200);
    is_replay(&first, &once.says_that_it_is_uploaded(asset).await);
    stack.finish().await;
}

#[tokio::test]
async fn a_key_is_told_to_who_asked_for_it_and_stands_nowhere() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let wish = json!({ "name": "deploys", "scopes": ["links:read"] });
    let asks = async |ada: &Person| ada.writes("/v1/core/api-keys", &wish).await.is(201);
    let first = asks(&ada.with_key(KEY)).await;
    is_replay(&first, &asks(&ada.with_key(KEY)).await);
    let other = asks(&ada.with_key("another")).await;
    let keyless = asks(&ada).await;
    let keys = [&first, &other, &keyless].map(|it| it.body["key"].as_str().unwrap().to_owned());
    for key in &keys {
        ada.with_token(key.clone()).lists_links().await.is(200);
    }
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[2] != keys[0]);

    let listed = ada.reads("/v1/core/api-keys").await.is(200).body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 3, "{listed}");
    stack.catches_up().await;
    let mut stored = of_the_broker(&stack.world).await;
    stored.extend(of_the_database(&stack.world).await);
    stored.extend(opened_records(&stack).await);
    for (key, issued) in keys.iter().zip([first, other, keyless]) {
        // The secret is what is at the end.
        let secret = &key[key.len() - 42..];
        assert!(!listed.to_string().contains(secret), "{key}");
        assert_eq!(places_of(secret, &stored), [""; 0], "{key}");
        let id = issued.body["id"].as_str().unwrap();
        assert!(!places_of(id, &stored).is_empty());
    }
    stack.finish().await;
}

#[tokio::test]
async fn an_invitation_is_told_again_as_it_was_and_stands_nowhere() {
    let stack = Stack::start().await;
    let (ada, guest) = (stack.person("ada").await, stack.guest());
    let members = members_of(ada.workspace());
    let invites = async |ada: &Person| ada.writes(&members, &kim()).await.is(201);
    let first = invites(&ada.with_key(KEY)).await;
    is_replay(&first, &invites(&ada.with_key(KEY)).await);
    let other = invites(&ada.with_key("another")).await;
    let keyless = invites(&ada).await;
    let told = [&first, &other, &keyless];
    let told = told.map(|it| it.body["invitation"].as_str().unwrap().to_owned());
    assert!(told[0] != told[1] && told[1] != told[2] && told[2] != told[0]);

    stack.catches_up().await;
    let mut stored = of_the_broker(&stack.world).await;
    stored.extend(of_the_database(&stack.world).await);
    stored.extend(opened_records(&stack).await);
    for text in told.iter().map(String::as_str).chain(["kim@example.com"]) {
        assert_eq!(places_of(text, &stored), [""; 0], "{text}");
    }
    let mut account = json!({ "email": "kim@example.com", "password": PASSWORD, "name": "Kim" });
    account["invitation"] = told[0].clone().into();
    guest.asks_to_register(&account).await.is(201);
    // Whoever she is by now.
    is_replay(&first, &invites(&ada.with_key(KEY)).await);
    stack.finish().await;
}

#[tokio::test]
async fn a_registration_is_answered_again_though_its_invitation_is_good_no_more() {
    let stack = Stack::start().await;
    let (ada, guest) = (stack.person("ada").await, stack.guest().with_key(KEY));
    let wish = json!({ "name": "Engines" });
    let founded = ada.writes("/v1/core/workspaces", &wish).await.is(201).body;
    let workspace = founded["id"].as_str().unwrap();
    let (ada, members) = (ada.logs_in(workspace).await, members_of(workspace));
    let wish = json!({ "email": "eve@example.com", "role": "admin" });
    let invited = ada.writes(&members, &wish).await.is(201).body;
    let mut account = account();
    account["invitation"] = invited["invitation"].clone();
    let first = guest.asks_to_register(&account).await.is(201);
    let eve = Person::who_registered(stack.client(), &first).await;
    let eve = eve.logs_in(workspace).await;
    let of_ada = format!("{members}/{}", ada.id());
    let viewer = json!({ "role": "viewer" });
    eve.asks(Method::PATCH, &of_ada, &viewer).await.is(200);
    is_replay(&first, &guest.asks_to_register(&account).await);
    stack.finish().await;
}

#[tokio::test]
async fn what_was_founded_is_answered_again_though_there_may_be_no_more() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let founds = async |key: &str| {
        let wish = json!({ "name": "Engines" });
        ada.with_key(key).writes("/v1/core/workspaces", &wish).await
    };
    let mut last = founds("0").await.is(201);
    for number in 1..WORKSPACES_MAX {
        last = founds(&number.to_string()).await.is(201);
    }
    let refused = founds("another").await;
    refused.refuses(409, "too_many_workspaces");
    let again = founds(&(WORKSPACES_MAX - 1).to_string()).await;
    is_replay(&last, &again);
    stack.finish().await;
}
