//! How often something may be tried: told with every answer, and counted by all replicas together.

use events::core::{Role, Scope};
use millrace::system::Processes;
use reqwest::Method;
use serde_json::{Value, json};
use service::world;

use crate::eventually::eventually;
use crate::stack::{Answer, COMMAND_API, Guest, PASSWORD, Stack};

/// Windows are as long as they may be, and begin on the hour.
const WINDOW_S: i64 = 3_600;
/// Longer than a story takes.
const STORY_S: i64 = 40;

/// Two that let people in, in a window that does not end before the story.
async fn limited_to(limits: &str) -> Stack {
    eventually("a new window", async || {
        let left = WINDOW_S - world::now().odt().unix_timestamp() % WINDOW_S;
        if left > STORY_S { Ok(()) } else { Err(left) }
    })
    .await;
    Stack::limited_to(limits, &[Processes::ALL, COMMAND_API]).await
}

/// The same stranger at one replica after the other.
fn in_turn(stack: &Stack) -> impl Iterator<Item = Guest> + use<> {
    let at_each = stack.replicas.iter().map(|it| stack.guest().at(it));
    at_each.collect::<Vec<_>>().into_iter().cycle()
}

fn wrong(email: &str) -> Value {
    json!({ "email": email, "password": "not the right password" })
}

/// What is left of a limit, and for how many seconds.
#[track_caller]
fn left(answer: &Answer, limit: &str) -> (u32, u32) {
    let told = answer.header("ratelimit");
    let found = told
        .split(", ")
        .find_map(|it| it.strip_prefix(&format!("\"{limit}\";r=")));
    let (left, seconds) = found
        .unwrap_or_else(|| panic!("{limit} in {told:?}"))
        .split_once(";t=")
        .unwrap();
    (left.parse().unwrap(), seconds.parse().unwrap())
}

/// It is too much, and whoever waits as long as the answer says may try again.
#[track_caller]
fn is_too_much(answer: Answer, limit: &str) {
    let refused = answer.refuses(429, "too_many_requests");
    let (left, seconds) = left(&refused, limit);
    assert_eq!(left, 0);
    assert_eq!(refused.header("retry-after"), seconds.to_string());
    assert!((1..=3_600).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn an_address_may_try_so_many_logins_at_all_replicas_together() {
    let stack = limited_to("login-address=5/3600,login-account=100/3600").await;
    let account = json!({ "email": "ada@example.com", "password": PASSWORD, "name": "Ada" });
    stack.guest().asks_to_register(&account).await.is(201);
    let mut guests = in_turn(&stack);
    for (number, remaining) in [4, 3, 2, 1, 0].into_iter().enumerate() {
        let credentials = wrong(&format!("eve{number}@example.com"));
        let answer = guests.next().unwrap().asks_to_log_in(&credentials).await;
        let answer = answer.refuses(401, "invalid_credentials");
        assert_eq!(left(&answer, "login-address").0, remaining);
        assert_eq!(left(&answer, "login-account").0, 99);
        let policy = r#""login-address";q=5;w=3600, "login-account";q=100;w=3600"#;
        assert_eq!(answer.header("ratelimit-policy"), policy);
    }
    // Not even with the right password, wherever it is tried.
    for guest in guests.take(2) {
        is_too_much(
            guest.asks_to_log_in(&account_of(&account)).await,
            "login-address",
        );
    }
    stack.finish().await;
}

fn account_of(account: &Value) -> Value {
    json!({ "email": account["email"], "password": account["password"] })
}

#[tokio::test]
async fn a_password_may_be_tried_so_often_however_the_address_is_written() {
    let stack = limited_to("login-address=100/3600,login-account=3/3600").await;
    let (ada, bob) = (stack.person("ada").await, stack.person("bob").await);
    let mut guests = in_turn(&stack);
    // Coming in was the first time.
    for spelling in ["ADA@example.com", " ada@Example.com"] {
        let answer = guests
            .next()
            .unwrap()
            .asks_to_log_in(&wrong(spelling))
            .await;
        answer.refuses(401, "invalid_credentials");
    }
    let right = json!({ "email": ada.email, "password": PASSWORD });
    for guest in guests.take(2) {
        is_too_much(guest.asks_to_log_in(&right).await, "login-account");
    }
    // A change of password asks for the old one, so it is no way round.
    let wish = json!({ "current_password": PASSWORD, "new_password": "another battery staple" });
    let path = format!("/v1/core/users/{}/password", ada.id());
    is_too_much(ada.asks(Method::PUT, &path, &wish).await, "login-account");
    bob.logs_in(bob.workspace())
        .await
        .sees_herself()
        .await
        .is(200);
    stack.finish().await;
}

#[tokio::test]
async fn registering_and_refreshing_are_limited_too() {
    let limits = "registration-address=5/3600,registration-account=2/3600,refresh-account=2/3600";
    let stack = limited_to(limits).await;
    let account = |name: &str| json!({ "email": format!("{name}@example.com"), "password": PASSWORD, "name": name });
    let mut guests = in_turn(&stack);
    let mut register = async |name: &str| {
        let guest = guests.next().unwrap();
        guest.asks_to_register(&account(name)).await
    };
    register("ada").await.is(201);
    register("ada").await.refuses(409, "email_taken");
    is_too_much(register("ada").await, "registration-account");
    register("bob").await.is(201);
    register("eve").await.is(201);
    is_too_much(register("kim").await, "registration-address");

    let logged_in = stack
        .guest()
        .asks_to_log_in(&account_of(&account("ada")))
        .await;
    let mut token = logged_in.is(200).body["refresh_token"].clone();
    let mut guests = in_turn(&stack);
    for remaining in [1, 0] {
        let answer = guests.next().unwrap().refreshes(&token).await.is(200);
        assert_eq!(left(&answer, "refresh-account").0, remaining);
        token = answer.body["refresh_token"].clone();
    }
    is_too_much(
        guests.next().unwrap().refreshes(&token).await,
        "refresh-account",
    );
    stack.finish().await;
}

#[tokio::test]
async fn who_knows_a_session_and_no_token_of_it_uses_up_nothing_and_learns_nothing() {
    let stack = limited_to("refresh-account=2/3600").await;
    let (ada, bob) = (stack.person("ada").await, stack.person("bob").await);
    let credentials = json!({ "email": ada.email, "password": PASSWORD });
    let logged_in = stack.guest().asks_to_log_in(&credentials).await.is(200);
    let token = logged_in.body["refresh_token"].as_str().unwrap();
    // A token begins with its session, and ends with its secret.
    let (begin, end) = token.split_at(token.len() - 1);
    let forged = format!("{begin}{}", if end == "A" { "B" } else { "A" });
    let wish = json!({ "refresh_token": forged, "workspace_id": bob.workspace() });
    for _ in 0..3 {
        let refused = ada.posts("/v1/core/auth/refresh", &wish).await;
        let refused = refused.refuses(401, "invalid_refresh_token");
        let told = refused.header("ratelimit");
        assert!(!told.contains("refresh-account"), "{told}");
    }
    let answer = stack.guest().refreshes(&json!(token)).await.is(200);
    assert_eq!(left(&answer, "refresh-account").0, 1);
    stack.finish().await;
}

#[tokio::test]
async fn a_retry_is_answered_though_the_limit_is_used_up() {
    let stack = limited_to("membership-account=1/3600").await;
    let (ada, bob) = (stack.person("ada").await, stack.person("bob").await);
    let members = format!("/v1/core/workspaces/{}/members", ada.workspace());
    let wish = json!({ "email": bob.email, "role": "editor" });
    let first = ada.with_key("once").writes(&members, &wish).await.is(201);
    let again = ada.with_key("once").writes(&members, &wish).await.is(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.body, first.body);
    let other = ada.with_key("another").writes(&members, &wish).await;
    other.refuses(429, "too_many_requests");
    stack.finish().await;
}

#[tokio::test]
async fn memberships_are_changed_only_so_often() {
    let stack = limited_to("membership-account=3/3600").await;
    let (ada, bob) = (stack.person("ada").await, stack.person("bob").await);
    ada.takes_in(&bob, Role::Viewer).await;
    let (workspace, user) = (ada.workspace(), bob.id());
    let membership = format!("/v1/core/workspaces/{workspace}/members/{user}");
    let editor = json!({ "role": "editor" });
    let changed = ada.asks(Method::PATCH, &membership, &editor).await.is(200);
    assert_eq!(left(&changed, "membership-account").0, 1);
    let policy = r#""membership-account";q=3;w=3600"#;
    assert_eq!(changed.header("ratelimit-policy"), policy);
    let suspend = format!("/v1/core/users/{user}/suspend");
    let suspended = ada.posts(&suspend, &json!({})).await.is(200);
    assert_eq!(left(&suspended, "membership-account").0, 0);
    let reinstate = format!("/v1/core/users/{user}/reinstate");
    for answer in [
        ada.posts(&reinstate, &json!({})).await,
        ada.asks(Method::PATCH, &membership, &editor).await,
        ada.deletes(&membership).await,
    ] {
        is_too_much(answer, "membership-account");
    }
    stack.finish().await;
}

#[tokio::test]
async fn addresses_are_asked_for_and_keys_are_made_only_so_often() {
    let stack = limited_to("email-account=1/3600,api-key-account=2/3600").await;
    let (ada, bob) = (stack.person("ada").await, stack.person("bob").await);
    let account = format!("/v1/core/users/{}", ada.id());
    let amends = async |wish: Value| ada.asks(Method::PATCH, &account, &wish).await;
    let taken = amends(json!({ "email": bob.email })).await;
    taken.refuses(409, "email_taken");
    let free = amends(json!({ "email": "nobody@example.com" })).await;
    is_too_much(free, "email-account");
    // What is only said of oneself tells nothing of others.
    let renamed = amends(json!({ "name": "Augusta" })).await.is(200);
    assert_eq!(renamed.header("ratelimit"), "");

    let issued = ada.issues_a_key(&[Scope::LinksRead]).await;
    let key = format!("/v1/core/api-keys/{}", issued["id"].as_str().unwrap());
    let revoked = ada.deletes(&key).await.is(204);
    assert_eq!(left(&revoked, "api-key-account").0, 0);
    let wish = json!({ "name": "deploys", "scopes": ["links:read"] });
    let more = ada.posts("/v1/core/api-keys", &wish).await;
    is_too_much(more, "api-key-account");
    stack.finish().await;
}

#[tokio::test]
async fn a_report_of_clicks_is_told_how_its_limit_stands() {
    let stack = limited_to("report-workspace=3/3600").await;
    let ada = stack.person("ada").await;
    let link = ada.shortens("https://example.com/").await;
    let path = format!("/v1/links/{}/clicks", link.id);
    let two = json!({ "clicks": [{}, {}] });
    let told = ada.posts(&path, &two).await.is(202);
    assert_eq!(left(&told, "report-workspace").0, 1);
    is_too_much(ada.posts(&path, &two).await, "report-workspace");
    stack.finish().await;
}
