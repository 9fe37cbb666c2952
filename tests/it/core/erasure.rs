//! What is left of a person after an erasure: nothing that can be read.

use millrace::system::Processes;
use reqwest::Method;
use serde_json::json;

use super::traces::{of_the_broker, of_the_database, opened_records, places_of};
use crate::stack::{PASSWORD, Person, Stack};

const FIRST: [&str; 2] = ["Augusta.King@Lovelace-1815.example", "Augusta Ada Byron"];
const LATER: [&str; 2] = ["countess@ockham-park.example", "Countess of Lovelace"];

#[tokio::test]
async fn of_an_erased_person_nothing_is_left_that_can_be_read() {
    let stack = Stack::limited_to("login-address=1000/60", &[Processes::ALL]).await;
    let bob = stack.person("bob").await;
    let ada = leaves_traces(&stack, &bob).await;
    is_in_the_tables_alone(&stack, &ada, FIRST).await;
    let path = format!("/v1/core/users/{}", ada.id());
    let wish = json!({ "email": LATER[0], "name": LATER[1] });
    ada.asks(Method::PATCH, &path, &wish).await.is(200);
    is_in_the_tables_alone(&stack, &ada, LATER).await;

    ada.asks(Method::DELETE, &path, &json!({})).await.is(204);
    stack.catches_up().await;
    let mut stored = of_the_broker(&stack.world).await;
    stored.extend(of_the_database(&stack.world).await);
    stored.extend(opened_records(&stack).await);
    for text in FIRST.into_iter().chain(LATER) {
        assert_eq!(places_of(text, &stored), NOWHERE, "{text}");
    }
    let id = ada.id().parse().unwrap();
    assert_eq!(stack.log().await.0.key(id).await.unwrap(), None);
    stack.finish().await;
}

const NOWHERE: [&str; 0] = [];

/// Ada, where there is a place for an address or a name.
async fn leaves_traces(stack: &Stack, bob: &Person) -> Person {
    let [email, name] = FIRST;
    let guest = stack.guest().with_key("her-first-request");
    let account = json!({ "email": email, "password": PASSWORD, "name": name });
    let registered = guest.asks_to_register(&account).await.is(201);
    let ada = Person::who_registered(stack.client(), &registered).await;
    let wrong = json!({ "email": email, "password": "not the right password" });
    guest.asks_to_log_in(&wrong).await.is(401);

    let members = format!("/v1/core/workspaces/{}/members", bob.workspace());
    for (key, email) in [("her", email), ("whoever-that-is", LATER[0])] {
        let wish = json!({ "email": email, "role": "editor" });
        bob.with_key(key).writes(&members, &wish).await.is(201);
    }
    let visiting = ada.logs_in(bob.workspace()).await;
    visiting.shortens("https://example.com/visiting").await;
    let wish = json!({ "name": "deploys", "scopes": ["links:write"] });
    let once = ada.with_key("her-key");
    once.writes("/v1/core/api-keys", &wish).await.is(201);
    ada
}

/// The search finds her where she must be found, and nowhere else.
async fn is_in_the_tables_alone(stack: &Stack, ada: &Person, texts: [&str; 2]) {
    stack.catches_up().await;
    let on_the_log = of_the_broker(&stack.world).await;
    let in_the_tables = of_the_database(&stack.world).await;
    for text in texts {
        let found = places_of(text, &in_the_tables);
        assert!(
            found.contains(&"core.user_profile".to_owned()),
            "{text}: {found:?}"
        );
        assert_eq!(places_of(text, &on_the_log), NOWHERE, "{text}");
    }
    // The log is searched as well as the tables are.
    let found = places_of(ada.id(), &on_the_log);
    for stream in ["CORE:", "LINKS:", "KV_user_keys:"] {
        assert!(
            found.iter().any(|it| it.starts_with(stream)),
            "{stream} in {found:?}"
        );
    }
}
