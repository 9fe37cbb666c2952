//! Somebody with an account, who reads her own writes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use events::core::{Role, Scope};
use events::{Position, SessionId, UserId, WorkspaceId};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use service::caller::{Grant, Seen};
use service::world;

use super::client::{Client, send};
use super::watch::Watch;
use super::{Answer, Guest, Link, PASSWORD, Replica};
use crate::eventually::eventually;

#[derive(Clone)]
pub(crate) struct Person {
    client: Client,
    pub(crate) email: String,
    pub(crate) token: String,
    /// As the registration was answered.
    pub(crate) user: Value,
    /// Where her last writes stand, by stream: what she reads must be at least as new.
    known: Arc<Mutex<BTreeMap<String, u64>>>,
    idempotency_key: Option<String>,
}

impl Person {
    pub(crate) async fn register(client: Client, name: &str) -> Self {
        let guest = Guest::new(client.clone());
        let email = format!("{name}@example.com");
        let account = json!({ "email": email, "password": PASSWORD, "name": name });
        let registered = guest.asks_to_register(&account).await.is(201);
        Self::who_registered(client, &registered).await
    }

    /// Whoever was answered this, logged in.
    pub(crate) async fn who_registered(client: Client, registered: &Answer) -> Self {
        let person = Self {
            client,
            email: registered.body["email"].as_str().unwrap().to_owned(),
            token: String::new(),
            known: Arc::default(),
            idempotency_key: None,
            user: registered.body.clone(),
        };
        person.has_seen(registered.position());
        person.logs_in(person.workspace()).await
    }

    /// The same person, in another session, at work in this workspace.
    pub(crate) async fn logs_in(&self, workspace: &str) -> Self {
        let credentials =
            json!({ "email": self.email, "password": PASSWORD, "workspace_id": workspace });
        let guest = Guest::new(self.client.clone());
        let logged_in = guest.asks_to_log_in(&credentials).await.is(200).body;
        self.with_token(logged_in["access_token"].as_str().unwrap().to_owned())
    }

    pub(crate) fn id(&self) -> &str {
        self.user["id"].as_str().unwrap()
    }

    /// The workspace of her own.
    pub(crate) fn workspace(&self) -> &str {
        self.user["workspace_id"].as_str().unwrap()
    }

    /// The same person, who says with each wish that it is this one.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        let idempotency_key = Some(key.to_owned());
        Self {
            idempotency_key,
            ..self.clone()
        }
    }

    /// The same person, at another replica.
    pub(crate) fn at(&self, replica: &Replica) -> Self {
        let mut person = self.clone();
        person.client.door = replica.door();
        person
    }

    /// Makes somebody who has an account a member of her workspace.
    pub(crate) async fn takes_in(&self, other: &Self, role: Role) {
        let path = format!("/v1/core/workspaces/{}/members", self.workspace());
        let wish = json!({ "email": other.email, "role": role });
        self.writes(&path, &wish).await.is(201);
    }

    /// Makes a key with these scopes, and answers what its making was answered.
    pub(crate) async fn issues_a_key(&self, scopes: &[Scope]) -> Value {
        let wish = json!({ "name": "a program", "scopes": scopes });
        let issued = self.writes("/v1/core/api-keys", &wish).await;
        issued.is(201).body
    }

    /// The same person, with another token.
    pub(crate) fn with_token(&self, token: String) -> Self {
        Self {
            token,
            ..self.clone()
        }
    }

    /// As her tokens say who she is, of a session that nobody ever heard of.
    pub(crate) fn grant(&self) -> Grant<'_> {
        let id = |field: &str| self.user[field].as_str().unwrap().parse().unwrap();
        Grant {
            user: UserId::new(id("id")),
            email: &self.email,
            workspace: WorkspaceId::new(id("workspace_id")),
            role: Role::Admin,
            session: SessionId::new(world::new_id()),
            // Nothing can have happened that it doesn't know of.
            seen: Seen {
                user: u64::MAX,
                workspace: u64::MAX,
            },
        }
    }

    /// What she reads from now on is at least as new.
    pub(crate) fn has_seen(&self, position: Position) {
        let mut known = self.known.lock().unwrap();
        let newest = known.entry(position.stream.to_string()).or_default();
        *newest = position.sequence.max(*newest);
    }

    pub(crate) async fn shortens(&self, target: &str) -> Link {
        Link::of(self.asks_to_shorten(&json!({ "target": target })).await)
    }

    pub(crate) async fn asks_to_shorten(&self, wish: &Value) -> Answer {
        self.writes("/v1/links", wish).await
    }

    /// Changes a link; only at this version, if one is named.
    pub(crate) async fn edits(&self, link: &Link, change: &Value, version: Option<&str>) -> Answer {
        let path = format!("/v1/links/{}", link.id);
        let mut request = self.request(Method::PATCH, &path).json(change);
        if let Some(version) = version {
            request = request.header("if-match", version);
        }
        self.noted(send(request).await)
    }

    pub(crate) async fn archives(&self, link: &Link) -> Answer {
        let path = format!("/v1/links/{}", link.id);
        self.noted(send(self.request(Method::DELETE, &path)).await)
    }

    pub(crate) async fn restores(&self, link: &Link) -> Answer {
        let path = format!("/v1/links/{}/restore", link.id);
        self.writes(&path, &json!({})).await
    }

    pub(crate) async fn asks_to_upload(&self, announcement: &Value) -> Answer {
        self.writes("/v1/media/presign", announcement).await
    }

    /// Does what the answer to [`Person::asks_to_upload`] permits.
    pub(crate) async fn uploads(&self, permit: &Value, content: &[u8]) -> Answer {
        let method = permit["method"].as_str().unwrap().parse().unwrap();
        let url = permit["url"].as_str().unwrap();
        let mut request = self.client.elsewhere(method, url);
        for (name, value) in permit["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        send(request.body(content.to_vec())).await
    }

    pub(crate) async fn says_that_it_is_uploaded(&self, asset: &str) -> Answer {
        let path = format!("/v1/media/assets/{asset}/complete");
        self.writes(&path, &json!({})).await
    }

    pub(crate) async fn sees(&self, link: &Link) -> Answer {
        self.reads(&format!("/v1/links/{}", link.id)).await
    }

    pub(crate) async fn lists_links(&self) -> Answer {
        self.reads("/v1/links?limit=200").await
    }

    pub(crate) async fn sees_asset(&self, asset: &str) -> Answer {
        self.reads(&format!("/v1/media/assets/{asset}")).await
    }

    pub(crate) async fn sees_herself(&self) -> Answer {
        self.reads("/v1/core/users/me").await
    }

    /// How often the link was opened, by people, by programs (`only`), or by both (`include`).
    pub(crate) async fn counts(&self, link: &Link, bots: &str) -> u64 {
        let path = format!("/v1/links/{}/stats?bots={bots}", link.id);
        total(&self.reads(&path).await.is(200))
    }

    /// As [`Person::counts`], over all her links.
    pub(crate) async fn counts_all(&self, bots: &str) -> u64 {
        let path = format!("/v1/links/stats?bots={bots}");
        total(&self.reads(&path).await.is(200))
    }

    /// Hears of the clicks on one link.
    pub(crate) async fn watches(&self, link: &Link) -> Watch {
        // A link must be in the read models to be watched.
        self.sees(link).await.is(200);
        let path = format!("/v1/links/{}/clicks/live", link.id);
        Watch::open(self.client.door.address(), &path, &self.token).await
    }

    /// Hears of the clicks on all links of her workspace.
    pub(crate) async fn watches_all(&self) -> Watch {
        let path = "/v1/links/clicks/live";
        Watch::open(self.client.door.address(), path, &self.token).await
    }

    /// Hears how often a link was opened in all.
    pub(crate) async fn watches_the_totals_of(&self, link: &Link) -> Watch {
        self.sees(link).await.is(200);
        let path = format!("/v1/links/{}/stats/live", link.id);
        let bearer = [("authorization", format!("Bearer {}", self.token))];
        let address = self.client.door.address();
        let opened = Watch::connect(address, &path, &bearer, None).await;
        opened.unwrap()
    }

    /// Reads what is at least as new as her last writes.
    pub(crate) async fn reads(&self, path: &str) -> Answer {
        let known = self.known.lock().unwrap().clone();
        let positions = known.iter().map(|(stream, at)| format!("{stream}:{at}"));
        let positions: Vec<_> = positions.collect();
        let request = self.request(Method::GET, path);
        send(request.header("min-position", positions.join(", "))).await
    }

    /// Reads what is at least as new as `position` says.
    pub(crate) async fn reads_after(&self, path: &str, position: &str) -> Answer {
        send(
            self.request(Method::GET, path)
                .header("min-position", position),
        )
        .await
    }

    /// Asks for something in any words.
    pub(crate) async fn asks(&self, method: Method, path: &str, body: &Value) -> Answer {
        send(self.request(method, path).json(body)).await
    }

    /// Deletes what the path names.
    pub(crate) async fn deletes(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    /// Waits until what she holds is refused, which takes a moment on the way over the log.
    pub(crate) async fn is_locked_out(&self) {
        eventually("locked out", async || {
            let answer = self.sees_herself().await;
            let error = answer.body["error"].as_str().unwrap_or_default();
            (answer.status == 401 && error == "token_revoked")
                .then_some(())
                .ok_or(answer.status)
        })
        .await;
    }

    /// Posts what is answered without a position.
    pub(crate) async fn posts(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    /// Posts a wish.
    pub(crate) async fn writes(&self, path: &str, wish: &Value) -> Answer {
        let mut request = self.request(Method::POST, path).json(wish);
        if let Some(key) = &self.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        self.noted(send(request).await)
    }

    /// What she reads after a write sees it.
    fn noted(&self, answer: Answer) -> Answer {
        if (200..300).contains(&answer.status) {
            self.has_seen(answer.position());
        }
        answer
    }

    /// A request in her name.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, path).bearer_auth(&self.token)
    }
}

/// The total of statistics, which must be the sum of their series.
#[track_caller]
fn total(stats: &Answer) -> u64 {
    let total = stats.body["total"].as_u64().unwrap();
    let series = stats.body["series"].as_array().unwrap();
    let sum: u64 = series.iter().map(|it| it["clicks"].as_u64().unwrap()).sum();
    assert_eq!(sum, total, "{stats:#?}");
    total
}
