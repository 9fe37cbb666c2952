//! What was revoked is refused within a second, by every process, and its subscriptions end.

use std::time::Duration;

use futures::future::join_all;
use millrace::system::Processes;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::eventually::{eventually, within};
use crate::stack::{
    COMMAND_API, End, PASSWORD, PROJECTORS, Person, QUERY_API, Replica, Stack, Watch,
};

/// Those that write, those that read, and those that nobody calls.
const PROCESSES: [Processes; 5] = [COMMAND_API, COMMAND_API, QUERY_API, QUERY_API, PROJECTORS];
/// "Within a second."
const AT_ONCE: Duration = Duration::from_secs(1);

fn writers(stack: &Stack) -> &[Replica] {
    &stack.replicas[..2]
}

fn readers(stack: &Stack) -> &[Replica] {
    &stack.replicas[2..4]
}

/// Asks for nothing that could be done: refused one way if the credential is good, another if it isn't.
async fn writes_nothing(person: &Person) -> (u16, Value) {
    let answer = person.asks(Method::POST, "/v1/links", &json!({})).await;
    (answer.status, answer.body["error"].clone())
}

async fn reads(person: &Person) -> (u16, Value) {
    let answer = person.asks(Method::GET, "/v1/links", &json!({})).await;
    (answer.status, answer.body["error"].clone())
}

/// A credential that every process takes, with a subscription at each that has them.
struct InUse {
    at_writers: Vec<Person>,
    at_readers: Vec<Person>,
    watches: Vec<Watch>,
}

impl InUse {
    async fn of(person: &Person, stack: &Stack) -> Self {
        let at = |replicas: &[Replica]| replicas.iter().map(|it| person.at(it)).collect();
        let (at_writers, at_readers): (Vec<Person>, Vec<Person>) =
            (at(writers(stack)), at(readers(stack)));
        for person in &at_writers {
            let (status, error) = writes_nothing(person).await;
            assert!([403, 422].contains(&status), "{status} {error}");
        }
        for person in &at_readers {
            assert_eq!(reads(person).await.0, 200);
        }
        let watches = join_all(at_readers.iter().map(Person::watches_all)).await;
        Self {
            at_writers,
            at_readers,
            watches,
        }
    }

    /// Every process refuses it, within a second of the answer to what revoked it.
    async fn ends(self, what: &str) {
        let revoked = (401, json!("token_revoked"));
        let refused = |answer: (u16, Value)| {
            if answer == revoked {
                Ok(())
            } else {
                Err(answer)
            }
        };
        let what = &format!("a process refuses what ended: {what}");
        let writing = self.at_writers.iter().map(async |person| {
            within(AT_ONCE, what, async || {
                refused(writes_nothing(person).await)
            })
            .await;
        });
        let reading = self.at_readers.iter().map(async |person| {
            within(AT_ONCE, what, async || refused(reads(person).await)).await;
        });
        let watching = self.watches.into_iter().map(async |mut watch| {
            let end = timeout(AT_ONCE, watch.frame()).await;
            assert_eq!(end.expect(what), Err(End::Closed(4401)), "{what}");
        });
        tokio::join!(join_all(writing), join_all(reading), join_all(watching));
    }

    /// Every process takes it still, and its subscriptions go on.
    async fn goes_on(mut self) {
        for person in &self.at_writers {
            assert_ne!(writes_nothing(person).await.0, 401);
        }
        for person in &self.at_readers {
            assert_eq!(reads(person).await.0, 200);
        }
        for watch in &mut self.watches {
            let silence = Duration::from_millis(200);
            assert!(timeout(silence, watch.frame()).await.is_err());
        }
    }
}

/// The one session of a person with two that isn't the one that asks.
async fn other_session(ada: &Person, stack: &Stack) -> String {
    let reader = ada.at(&readers(stack)[0]);
    // A login has no position to wait for.
    eventually("two sessions", async || {
        let listed = reader.reads("/v1/core/sessions").await.is(200).body;
        match listed["items"].as_array().unwrap().as_slice() {
            [first, second] => {
                let other = [first, second]
                    .into_iter()
                    .find(|it| it["current"] == false);
                Ok(other.unwrap()["id"].as_str().unwrap().to_owned())
            }
            _ => Err(listed),
        }
    })
    .await
}

#[tokio::test]
async fn a_session_that_has_ended_is_refused_everywhere_within_a_second() {
    let stack = Stack::of(&PROCESSES).await;
    let ada = stack.person("ada").await;
    let here = InUse::of(&ada, &stack).await;
    let another = async || ada.logs_in(ada.workspace()).await;

    let other = another().await;
    let in_use = InUse::of(&other, &stack).await;
    // Not where the session was opened.
    let elsewhere = other.at(&writers(&stack)[1]);
    let logout = elsewhere.posts("/v1/core/auth/logout", &json!({})).await;
    logout.is(204);
    in_use.ends("logged out").await;

    let in_use = InUse::of(&another().await, &stack).await;
    let path = format!("/v1/core/sessions/{}", other_session(&ada, &stack).await);
    ada.asks(Method::DELETE, &path, &json!({})).await.is(204);
    in_use.ends("ended from afar").await;

    let in_use = InUse::of(&another().await, &stack).await;
    let wish = json!({ "current_password": PASSWORD, "new_password": "another battery staple" });
    let path = format!("/v1/core/users/{}/password", ada.id());
    ada.asks(Method::PUT, &path, &wish).await.is(204);
    in_use.ends("another password").await;
    here.goes_on().await;
    stack.finish().await;
}

#[tokio::test]
async fn what_a_member_may_no_more_is_refused_everywhere_within_a_second() {
    let stack = Stack::of(&PROCESSES).await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let at_home = InUse::of(&bob, &stack).await;
    let members = format!("/v1/core/workspaces/{}/members", ada.workspace());
    let bobs = format!("{members}/{}", bob.id());
    let of_bob = format!("/v1/core/users/{}", bob.id());
    let wish = json!({ "email": bob.email, "role": "viewer" });
    ada.writes(&members, &wish).await.is(201);

    let visiting = async || InUse::of(&bob.logs_in(ada.workspace()).await, &stack).await;
    let in_use = visiting().await;
    let editor = json!({ "role": "editor" });
    ada.asks(Method::PATCH, &bobs, &editor).await.is(200);
    in_use.ends("another role").await;

    let in_use = visiting().await;
    let suspend = format!("{of_bob}/suspend");
    ada.writes(&suspend, &json!({})).await.is(200);
    in_use.ends("suspended").await;

    let reinstate = format!("{of_bob}/reinstate");
    ada.writes(&reinstate, &json!({})).await.is(200);
    let in_use = visiting().await;
    ada.asks(Method::DELETE, &bobs, &json!({})).await.is(204);
    in_use.ends("removed").await;
    at_home.goes_on().await;
    stack.finish().await;
}

#[tokio::test]
async fn a_key_and_an_account_that_are_gone_are_refused_everywhere_within_a_second() {
    let stack = Stack::of(&PROCESSES).await;
    let ada = stack.person("ada").await;
    let wish = json!({ "name": "deploys", "scopes": ["links:read", "links:write", "clicks:read"] });
    let issues = async || {
        let issued = ada.writes("/v1/core/api-keys", &wish).await.is(201).body;
        let program = ada.with_token(issued["key"].as_str().unwrap().to_owned());
        let path = format!("/v1/core/api-keys/{}", issued["id"].as_str().unwrap());
        (InUse::of(&program, &stack).await, path)
    };
    let (in_use, path) = issues().await;
    let (another, _) = issues().await;
    ada.asks(Method::DELETE, &path, &json!({})).await.is(204);
    in_use.ends("the key was revoked").await;
    another.goes_on().await;

    let (key, _) = issues().await;
    let session = InUse::of(&ada, &stack).await;
    let path = format!("/v1/core/users/{}", ada.id());
    ada.asks(Method::DELETE, &path, &json!({})).await.is(204);
    let erased = "the person was erased";
    tokio::join!(session.ends(erased), key.ends(erased));
    stack.finish().await;
}
