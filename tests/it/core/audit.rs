//! The trail: who did what to what, when, and in which request; and nothing of what anybody is called.

use events::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use service::world;

use crate::stack::{Answer, Link, Person, Stack};

async fn trail(ada: &Person, query: &str) -> Vec<Value> {
    let answer = ada.reads(&format!("/v1/core/audit?{query}")).await.is(200);
    answer.body["items"].as_array().unwrap().clone()
}

fn types(acts: &[Value]) -> Vec<&str> {
    acts.iter().map(|it| it["type"].as_str().unwrap()).collect()
}

/// A key is made, and makes a link in a request of a known name.
async fn acts(ada: &Person) -> (String, Link) {
    let wish = json!({ "name": "deploys", "scopes": ["links:write"] });
    let issued = ada.writes("/v1/core/api-keys", &wish).await.is(201).body;
    let program = ada.with_token(issued["key"].as_str().unwrap().to_owned());
    let request = program
        .request(Method::POST, "/v1/links")
        .header("x-request-id", "deploy-17");
    let wish = json!({ "target": "https://example.com" });
    let answer = Answer::read(request.json(&wish).send().await.unwrap())
        .await
        .is(201);
    ada.has_seen(answer.position());
    (issued["id"].as_str().unwrap().to_owned(), Link::of(answer))
}

#[tokio::test]
async fn the_trail_says_who_did_what_to_what_when_and_in_which_request() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    bob.shortens("https://example.com/of-bob").await;
    let before = world::now();
    let (key, link) = acts(&ada).await;
    let after = world::now();

    let of_link = trail(&ada, &format!("subject=link:{}", link.id)).await;
    assert_eq!(types(&of_link), ["millrace.links.link.shortened.v3"]);
    let act = &of_link[0];
    assert_eq!(act["actor"], json!({ "kind": "api_key", "id": key }));
    assert_eq!(act["subject"], json!({ "kind": "link", "id": link.id }));
    assert_eq!(act["request_id"], "deploy-17");
    let at: Timestamp = act["occurred_at"].as_str().unwrap().parse().unwrap();
    assert!((before..=after).contains(&at), "{before} {at} {after}");

    let by_key = trail(&ada, &format!("actor=api_key:{key}")).await;
    assert!(by_key.contains(act), "{by_key:#?}");
    assert!(by_key.iter().all(|it| it["actor"]["id"] == key));
    let by_ada = trail(&ada, &format!("actor=user:{}", ada.id())).await;
    assert!(
        types(&by_ada).contains(&"millrace.core.api_key.issued.v1"),
        "{by_ada:#?}"
    );
    assert!(by_ada.iter().all(|it| it["actor"]["id"] == ada.id()));
    assert!(
        !trail(&ada, &format!("from={before}&to={after}"))
            .await
            .is_empty()
    );
    let earlier = trail(&ada, &format!("to={before}")).await;
    assert!(
        !earlier.is_empty() && !earlier.contains(act),
        "{earlier:#?}"
    );
    assert_eq!(
        trail(&ada, &format!("from={after}")).await,
        Vec::<Value>::new()
    );
    stack.finish().await;
}

#[tokio::test]
async fn what_happened_to_the_domains_of_a_workspace_is_asked_for_by_their_kind() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let wish = json!({ "domain": "go.acme.example" });
    ada.writes("/v1/links/domains", &wish).await.is(201);
    let found = trail(&ada, &format!("subject=domains:{}", ada.workspace())).await;
    assert_eq!(types(&found), ["millrace.links.domain.added.v1"]);
    let subject = json!({ "kind": "domains", "id": ada.workspace() });
    assert_eq!(found[0]["subject"], subject);
    stack.finish().await;
}

#[tokio::test]
async fn the_trail_names_nobody_and_is_for_the_admins_of_its_workspace() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let (_, link) = acts(&ada).await;
    let members = format!("/v1/core/workspaces/{}/members", ada.workspace());
    let wish = json!({ "email": bob.email, "role": "editor" });
    ada.writes(&members, &wish).await.is(201);
    let renamed = json!({ "email": "lovelace@example.com", "name": "Countess" });
    let path = format!("/v1/core/users/{}", ada.id());
    let answer = ada.asks(Method::PATCH, &path, &renamed).await.is(200);
    ada.has_seen(answer.position());

    let all = trail(&ada, "limit=200").await;
    let told = json!(all).to_string().to_lowercase();
    for happened in [
        "email_changed",
        "renamed",
        "member_added",
        "shortened",
        "registered",
    ] {
        assert!(told.contains(happened), "{happened} in {told}");
    }
    for name in [
        "example.com",
        "lovelace",
        "countess",
        "\"ada",
        "\"bob",
        "deploys",
        "127.0.0.1",
    ] {
        assert!(!told.contains(name), "{name} in {told}");
    }
    let visiting = bob.logs_in(ada.workspace()).await;
    let refused = visiting.reads("/v1/core/audit").await;
    refused.refuses(403, "forbidden");
    let of_bob = trail(&bob, &format!("subject={}", link.id)).await;
    assert_eq!(of_bob, Vec::<Value>::new());
    stack.finish().await;
}
