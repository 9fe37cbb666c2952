//! Members of a workspace: who governs it, and who comes in by an invitation.

use futures::future::join;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stack::{Answer, PASSWORD, Person, Stack};

/// A workspace that somebody founded, and is in.
struct Founded {
    id: String,
    ada: Person,
}

impl Founded {
    async fn by(ada: &Person) -> Self {
        let wish = json!({ "name": "Engines" });
        let founded = ada.writes("/v1/core/workspaces", &wish).await.is(201).body;
        let id = founded["id"].as_str().unwrap().to_owned();
        let ada = ada.logs_in(&id).await;
        Self { id, ada }
    }

    fn members(&self) -> String {
        format!("/v1/core/workspaces/{}/members", self.id)
    }

    async fn takes_in(&self, person: &Person, role: &str) -> Person {
        let wish = json!({ "email": person.email, "role": role });
        self.ada.writes(&self.members(), &wish).await.is(201);
        person.logs_in(&self.id).await
    }

    async fn gets_role(&self, person: &Person, role: &str) -> Answer {
        let path = format!("{}/{}", self.members(), person.id());
        let wish = json!({ "role": role });
        self.ada.asks(Method::PATCH, &path, &wish).await
    }

    async fn is_left_by(&self, person: &Person) -> Answer {
        let path = format!("{}/{}", self.members(), person.id());
        person.asks(Method::DELETE, &path, &json!({})).await
    }
}

#[tokio::test]
async fn the_last_admin_can_neither_leave_nor_become_less() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let founded = Founded::by(&ada).await;
    let ada = &founded.ada;
    founded.takes_in(&bob, "editor").await;
    founded.is_left_by(ada).await.refuses(409, "last_admin");
    let refused = founded.gets_role(ada, "editor").await;
    refused.refuses(409, "last_admin");
    let suspend = format!("/v1/core/users/{}/suspend", ada.id());
    let refused = ada.posts(&suspend, &json!({})).await;
    refused.refuses(409, "last_admin");
    let account = format!("/v1/core/users/{}", ada.id());
    let refused = ada.asks(Method::DELETE, &account, &json!({})).await;
    refused.refuses(409, "last_admin");

    founded.gets_role(&bob, "admin").await.is(200);
    founded.is_left_by(ada).await.is(204);
    let bob = bob.logs_in(&founded.id).await;
    founded.is_left_by(&bob).await.refuses(409, "last_admin");
    stack.finish().await;
}

#[tokio::test]
async fn of_two_admins_who_leave_at_once_one_stays() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    for _ in 0..4 {
        let founded = Founded::by(&ada).await;
        let bob = founded.takes_in(&bob, "admin").await;
        let (one, other) = join(founded.is_left_by(&founded.ada), founded.is_left_by(&bob)).await;
        let (left, stays) = if one.status == 204 {
            (one, other)
        } else {
            (other, one)
        };
        left.is(204);
        assert!([401, 409].contains(&stays.status), "{stays:#?}");
    }
    stack.finish().await;
}

#[tokio::test]
async fn a_workspace_of_ones_own_is_never_left() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let own = Founded {
        id: ada.workspace().to_owned(),
        ada: ada.clone(),
    };
    own.takes_in(&bob, "admin").await;
    own.is_left_by(&ada).await.refuses(409, "owner_stays");
    let refused = own.gets_role(&ada, "viewer").await;
    refused.refuses(409, "owner_stays");
    stack.finish().await;
}

fn registration(name: &str, invitation: &Value) -> Value {
    let email = format!("{name}@example.com");
    json!({ "email": email, "password": PASSWORD, "name": name, "invitation": invitation })
}

#[tokio::test]
async fn an_invitation_lets_in_whom_it_is_for() {
    let stack = Stack::start().await;
    let (ada, guest) = (stack.person("ada").await, stack.guest());
    let founded = Founded::by(&ada).await;
    let wish = json!({ "email": "Bob@Example.com", "role": "editor" });
    let invited = founded
        .ada
        .writes(&founded.members(), &wish)
        .await
        .is(201)
        .body;
    assert_eq!(
        (&invited["state"], &invited["user_id"]),
        (&json!("invited"), &Value::Null)
    );
    let invitation = &invited["invitation"];
    for (name, invitation) in [("eve", invitation.clone()), ("bob", json!("mli_nonsense"))] {
        let refused = guest
            .asks_to_register(&registration(name, &invitation))
            .await;
        assert_eq!(
            refused.refuses(422, "validation").pointers(),
            ["/invitation"]
        );
    }
    let registered = guest
        .asks_to_register(&registration("bob", invitation))
        .await
        .is(201);
    let bob = Person::who_registered(stack.client(), &registered).await;
    let inside = bob.logs_in(&founded.id).await;
    inside.shortens("https://example.com").await;
    let forbidden = inside
        .asks(Method::GET, &founded.members(), &json!({}))
        .await;
    assert_eq!(forbidden.status, 403, "an editor does not govern");
    stack.finish().await;
}

#[tokio::test]
async fn an_invitation_lets_in_once() {
    let stack = Stack::start().await;
    let (ada, guest) = (stack.person("ada").await, stack.guest());
    let founded = Founded::by(&ada).await;
    let wish = json!({ "email": "bob@example.com", "role": "editor" });
    let invited = founded
        .ada
        .writes(&founded.members(), &wish)
        .await
        .is(201)
        .body;
    let again = registration("bob", &invited["invitation"]);
    let registered = guest.asks_to_register(&again).await.is(201);
    guest
        .asks_to_register(&again)
        .await
        .refuses(409, "email_taken");
    let bob = Person::who_registered(stack.client(), &registered).await;
    let path = format!("{}/{}", founded.members(), bob.id());
    founded
        .ada
        .asks(Method::DELETE, &path, &json!({}))
        .await
        .is(204);

    // The address is free again, but whoever was removed is not let in by the old invitation.
    let account = format!("/v1/core/users/{}", bob.id());
    let other = json!({ "email": "other@example.com" });
    bob.asks(Method::PATCH, &account, &other).await.is(200);
    guest
        .asks_to_register(&again)
        .await
        .refuses(409, "invitation_used");
    let without = registration("bob", &Value::Null);
    guest.asks_to_register(&without).await.is(201);
    stack.finish().await;
}
