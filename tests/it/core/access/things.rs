//! What the workspace has, to be asked for.

use std::sync::atomic::{AtomicUsize, Ordering};

use events::core::Scope;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::callers::Callers;
use super::cases::{Brought, Case, Named, announcement};
use crate::eventually::eventually;
use crate::stack::{PASSWORD, Person, Stack};

/// The names of what belongs to the workspace.
pub(super) struct Things {
    workspace: String,
    user: String,
    session: String,
    api_key: String,
    asset: String,
    link: String,
    domain: String,
    exclusion: String,
}

impl Things {
    /// Makes one of each, and waits until all can be read.
    pub(super) async fn make(owner: &Person) -> Self {
        let link = owner.shortens("https://example.com").await;
        let presigned = owner.asks_to_upload(&announcement()).await.is(201).body;
        let asset = presigned["asset"]["id"].as_str().unwrap();
        owner.uploads(&presigned["upload"], b"hello").await.is(200);
        let key = owner.issues_a_key(&[Scope::LinksRead]).await;
        let domain = json!({ "domain": "go.acme.example" });
        let domain = owner.posts("/v1/links/domains", &domain).await.is(201).body;
        let exclusion = json!({ "network": "0000000000000000" });
        let exclusion = owner.posts("/v1/links/exclusions", &exclusion).await;
        let exclusion = exclusion.is(201).body;
        let things = Self {
            exclusion: exclusion["id"].as_str().unwrap().to_owned(),
            domain: domain["id"].as_str().unwrap().to_owned(),
            workspace: owner.workspace().to_owned(),
            user: owner.id().to_owned(),
            session: session(owner).await,
            api_key: key["id"].as_str().unwrap().to_owned(),
            asset: asset.to_owned(),
            link: link.id.clone(),
        };
        owner.sees(&link).await.is(200);
        owner.sees_asset(asset).await.is(200);
        for path in [
            format!("/v1/core/users/{}", things.user),
            format!("/v1/core/api-keys/{}", things.api_key),
        ] {
            owner.reads(&path).await.is(200);
        }
        things
    }

    /// The path of a case, with the names put in; `user` is the one whom it names, if it names one.
    pub(super) fn path(&self, case: &Case, user: Option<&Person>, session: Option<&str>) -> String {
        let user = user.map_or(self.user.as_str(), Person::id);
        let is_below_users = case.path.starts_with("/v1/core/users/");
        let id = match case.named {
            Named::Nothing => "",
            Named::Member if is_below_users => user,
            Named::User => user,
            Named::Workspace | Named::Member => &self.workspace,
            Named::Session => session.unwrap_or(&self.session),
            Named::ApiKey => &self.api_key,
            Named::Asset => &self.asset,
            Named::Link => &self.link,
            Named::Domain => &self.domain,
            Named::Exclusion => &self.exclusion,
        };
        let path = case.path.replace("{id}", id).replace("{user_id}", user);
        let path = path.replace("{dimension}", "country");
        assert!(!path.contains(['{', '}']), "another kind of name in {path}");
        path
    }
}

/// The session of somebody's token; a login has no position to wait for.
pub(super) async fn session(person: &Person) -> String {
    eventually("the session is known", async || {
        let sessions = person.reads("/v1/core/sessions").await.is(200).body;
        let items = sessions["items"].as_array().unwrap();
        let current = items.iter().find(|it| it["current"] == true);
        let id = current.and_then(|it| it["id"].as_str());
        id.map(str::to_owned).ok_or(sessions)
    })
    .await
}

/// Puts into the request what its case brings.
pub(super) async fn bring(
    request: RequestBuilder,
    brought: Brought,
    stack: &Stack,
    callers: &Callers<'_>,
) -> RequestBuilder {
    static NEW: AtomicUsize = AtomicUsize::new(0);
    let owner = &callers.owner;
    let credentials = json!({ "email": owner.email, "password": PASSWORD });
    match brought {
        Brought::Nothing => request,
        Brought::Json(body) => with_body(request, &body()),
        Brought::NewAccount => {
            let email = format!("new-{}@example.com", NEW.fetch_add(1, Ordering::Relaxed));
            let account = json!({ "email": email, "password": PASSWORD, "name": "New" });
            request.json(&account)
        }
        Brought::Credentials => request.json(&credentials),
        Brought::RefreshToken => {
            let logged_in = stack.guest().asks_to_log_in(&credentials).await.is(200);
            request.json(&json!({ "refresh_token": logged_in.body["refresh_token"] }))
        }
        Brought::StaleVersion(body) => with_body(request.header("if-match", "\"0\""), &body()),
        Brought::File(text) => request.header("content-type", "text/csv").body(text),
        Brought::Handshake => [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ]
        .into_iter()
        .fold(request, |it, (name, value)| it.header(name, value)),
    }
}

fn with_body(request: RequestBuilder, body: &Value) -> RequestBuilder {
    if body.is_null() {
        return request;
    }
    request.json(body)
}
