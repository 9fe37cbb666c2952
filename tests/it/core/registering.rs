//! Making an account, coming back to it, and what the log knows of the person: nothing that can be read.

use events::{StreamName, UserId};
use nats::StoredMessage;
use serde_json::json;

use crate::stack::{PASSWORD, Stack};

#[tokio::test]
async fn who_registers_may_log_in_and_sees_herself() {
    let stack = Stack::start().await;
    let guest = stack.guest();
    let account = json!({ "email": " Ada.L@Example.COM ", "password": PASSWORD, "name": "Ada 💡" });
    let registered = guest.asks_to_register(&account).await.is(201);
    let user = &registered.body;
    assert_eq!(user["email"], "ada.l@example.com");
    assert_eq!(
        (&user["name"], &user["role"]),
        (&json!("Ada 💡"), &json!("admin"))
    );

    let credentials = json!({ "email": "ADA.l@example.com", "password": PASSWORD });
    let logged_in = guest.asks_to_log_in(&credentials).await.is(200).body;
    assert_eq!(logged_in["token_type"], "Bearer");
    assert_eq!(logged_in["expires_in"], 600);
    assert_eq!(logged_in["workspace_id"], user["workspace_id"]);

    let ada = stack.person("ada").await;
    let herself = ada.sees_herself().await.is(200);
    let mut expected = ada.user.clone();
    expected["state"] = json!("active");
    assert_eq!(herself.body, expected);
    assert_eq!(herself.header("cache-control"), "private, max-age=300");
    stack.finish().await;
}

#[tokio::test]
async fn an_address_has_one_account_however_it_is_written() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    for email in ["ada@example.com", "ADA@Example.Com", "\tada@example.com "] {
        let account = json!({ "email": email, "password": PASSWORD, "name": "Another" });
        let refused = stack.guest().asks_to_register(&account).await;
        refused.refuses(409, "email_taken");
    }
    ada.sees_herself().await.is(200);
    stack.finish().await;
}

#[tokio::test]
async fn all_faults_of_a_registration_are_told_at_once() {
    let stack = Stack::start().await;
    let account = json!({ "email": "ada", "password": "short", "name": "" });
    let refused = stack.guest().asks_to_register(&account).await;
    let refused = refused.refuses(422, "validation");
    assert_eq!(refused.pointers(), ["/email", "/password", "/name"]);
    stack.finish().await;
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let stack = Stack::start().await;
    let (ada, guest) = (stack.person("ada").await, stack.guest());
    let mut bodies = Vec::new();
    for credentials in [
        json!({ "email": ada.email, "password": "not the right password" }),
        json!({ "email": ada.email, "password": "short" }),
        json!({ "email": "eve@example.com", "password": PASSWORD }),
        json!({ "email": "no address", "password": PASSWORD }),
    ] {
        let refused = guest.asks_to_log_in(&credentials).await;
        let mut refused = refused.refuses(401, "invalid_credentials");
        refused.body["request_id"].take();
        bodies.push(refused.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:#?}");
    stack.finish().await;
}

#[tokio::test]
async fn a_workspace_of_strangers_is_refused_only_to_who_knows_the_password() {
    let stack = Stack::start().await;
    let (ada, guest) = (stack.person("ada").await, stack.guest());
    let elsewhere = stack.person("bob").await.user["workspace_id"].clone();
    for (password, status, error) in [
        (PASSWORD, 403, "not_a_member"),
        ("not the right password", 401, "invalid_credentials"),
    ] {
        let credentials =
            json!({ "email": ada.email, "password": password, "workspace_id": elsewhere });
        guest
            .asks_to_log_in(&credentials)
            .await
            .refuses(status, error);
    }
    stack.finish().await;
}

#[tokio::test]
async fn nothing_that_identifies_a_person_can_be_read_on_the_log() {
    let stack = Stack::start().await;
    let account =
        json!({ "email": "lovelace@babbage.example", "password": PASSWORD, "name": "Augusta" });
    let guest = stack
        .guest()
        .with_key("with a record of its own".replace(' ', "-").as_str());
    let user = guest.asks_to_register(&account).await.is(201).body;
    let credentials = json!({ "email": "lovelace@babbage.example", "password": PASSWORD });
    guest.asks_to_log_in(&credentials).await.is(200);

    let log = stack.log().await;
    let id: UserId = user["id"].as_str().unwrap().parse().unwrap();
    let key = log.0.key(id).await.unwrap().unwrap();
    let messages = log.all(StreamName::Core).await;
    // Claim, record, user, workspace and session.
    assert_eq!(messages.len(), 5);
    let mut texts: Vec<_> = messages.iter().map(everything).collect();
    assert!(texts.iter().any(|text| text.contains(&id.to_string())));
    texts.push(String::from_utf8_lossy(&key).to_lowercase());
    for secret in [
        "lovelace",
        "babbage",
        "augusta",
        "correct horse",
        "argon2",
        "127.0.0.1",
    ] {
        for text in &texts {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    stack.finish().await;
}

/// Subject, headers and body, in lower case.
fn everything(message: &StoredMessage) -> String {
    let body = String::from_utf8_lossy(&message.body);
    format!("{message:?} {body}").to_lowercase()
}
