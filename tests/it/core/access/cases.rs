//! What each route is asked for, and what it answers who may ask.

use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use serde_json::{Value, json};

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Nothing,
    /// The owner of the workspace, whose account its admins may change.
    User,
    Workspace,
    /// A member, by the workspace and the user.
    Member,
    /// A session of the caller's, if the caller has one.
    Session,
    ApiKey,
    Asset,
    Link,
    Domain,
    Exclusion,
}

/// What a request brings.
#[derive(Clone, Copy)]
pub(super) enum Brought {
    Nothing,
    Json(fn() -> Value),
    /// The account of somebody who has none yet.
    NewAccount,
    /// What the owner logs in with.
    Credentials,
    /// A refresh token that was never used.
    RefreshToken,
    /// A version of long ago: whoever is admitted is told so, and nothing comes to an end.
    StaleVersion(fn() -> Value),
    /// A file of links.
    File(&'static str),
    /// A WebSocket's handshake.
    Handshake,
}

/// One route's request.
pub(super) struct Case {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) named: Named,
    pub(super) brought: Brought,
    /// What it answers who may ask.
    pub(super) admitted: u16,
}

const fn case(
    method: Method,
    path: &'static str,
    named: Named,
    brought: Brought,
    admitted: u16,
) -> Case {
    Case {
        method,
        path,
        named,
        brought,
        admitted,
    }
}

const fn get(path: &'static str, named: Named) -> Case {
    case(Method::GET, path, named, Brought::Nothing, 200)
}

const fn post(path: &'static str, named: Named, body: fn() -> Value, admitted: u16) -> Case {
    case(Method::POST, path, named, Brought::Json(body), admitted)
}

const fn delete(path: &'static str, named: Named) -> Case {
    case(Method::DELETE, path, named, Brought::Nothing, 204)
}

const fn live(path: &'static str, named: Named) -> Case {
    case(Method::GET, path, named, Brought::Handshake, 101)
}

/// One for each rule.
pub(super) const CASES: &[Case] = &[
    case(
        Method::POST,
        "/v1/core/users",
        Named::Nothing,
        Brought::NewAccount,
        201,
    ),
    case(
        Method::POST,
        "/v1/core/auth/login",
        Named::Nothing,
        Brought::Credentials,
        200,
    ),
    case(
        Method::POST,
        "/v1/core/auth/refresh",
        Named::Nothing,
        Brought::RefreshToken,
        200,
    ),
    post("/v1/core/auth/logout", Named::Nothing, nothing, 204),
    get("/v1/core/sessions", Named::Nothing),
    delete("/v1/core/sessions/{id}", Named::Session),
    get("/v1/core/users", Named::Nothing),
    get("/v1/core/users/me", Named::Nothing),
    get("/v1/core/users/{id}", Named::User),
    case(
        Method::PATCH,
        "/v1/core/users/{id}",
        Named::User,
        Brought::Json(|| json!({ "name": "Ada" })),
        200,
    ),
    case(
        Method::DELETE,
        "/v1/core/users/{id}",
        Named::User,
        Brought::StaleVersion(nothing),
        412,
    ),
    case(
        Method::PUT,
        "/v1/core/users/{id}/password",
        Named::User,
        Brought::StaleVersion(another_password),
        412,
    ),
    post("/v1/core/users/{id}/suspend", Named::Member, nothing, 200),
    post("/v1/core/users/{id}/reinstate", Named::Member, nothing, 200),
    post(
        "/v1/core/workspaces",
        Named::Nothing,
        || json!({ "name": "Acme" }),
        201,
    ),
    get("/v1/core/workspaces", Named::Nothing),
    get("/v1/core/workspaces/{id}/members", Named::Workspace),
    post(
        "/v1/core/workspaces/{id}/members",
        Named::Workspace,
        || json!({ "email": "nobody@example.com", "role": "viewer" }),
        201,
    ),
    case(
        Method::PATCH,
        "/v1/core/workspaces/{id}/members/{user_id}",
        Named::Member,
        Brought::Json(|| json!({ "role": "editor" })),
        200,
    ),
    delete("/v1/core/workspaces/{id}/members/{user_id}", Named::Member),
    post(
        "/v1/core/api-keys",
        Named::Nothing,
        || json!({ "name": "a program", "scopes": ["links:read"] }),
        201,
    ),
    get("/v1/core/api-keys", Named::Nothing),
    get("/v1/core/api-keys/{id}", Named::ApiKey),
    delete("/v1/core/api-keys/{id}", Named::ApiKey),
    get("/v1/core/audit", Named::Nothing),
    post("/v1/media/presign", Named::Nothing, announcement, 201),
    post(
        "/v1/media/assets/{id}/complete",
        Named::Asset,
        || json!({}),
        200,
    ),
    get("/v1/media/assets", Named::Nothing),
    get("/v1/media/assets/{id}", Named::Asset),
    post(
        "/v1/links",
        Named::Nothing,
        || json!({ "target": "https://example.com" }),
        201,
    ),
    post(
        "/v1/links/bulk",
        Named::Nothing,
        || json!({ "links": [{ "target": "https://example.com" }] }),
        201,
    ),
    case(
        Method::POST,
        "/v1/links/import",
        Named::Nothing,
        Brought::File("target\r\nhttps://example.com\r\n"),
        200,
    ),
    case(
        Method::PATCH,
        "/v1/links/{id}",
        Named::Link,
        Brought::Json(|| json!({ "title": "renamed" })),
        200,
    ),
    post("/v1/links/domains", Named::Nothing, another_domain, 201),
    post("/v1/links/domains/{id}/verify", Named::Domain, nothing, 409),
    case(
        Method::DELETE,
        "/v1/links/domains/{id}",
        Named::Domain,
        Brought::StaleVersion(nothing),
        412,
    ),
    case(
        Method::PUT,
        "/v1/links/domains/{id}/default",
        Named::Domain,
        Brought::Nothing,
        409,
    ),
    delete("/v1/links/domains/{id}/default", Named::Domain),
    get("/v1/links/domains", Named::Nothing),
    get("/v1/links/domains/{id}", Named::Domain),
    post(
        "/v1/links/exclusions",
        Named::Nothing,
        || json!({ "network": "00112233aabbccdd" }),
        201,
    ),
    case(
        Method::DELETE,
        "/v1/links/exclusions/{id}",
        Named::Exclusion,
        Brought::StaleVersion(nothing),
        412,
    ),
    get("/v1/links/exclusions", Named::Nothing),
    delete("/v1/links/{id}", Named::Link),
    post("/v1/links/{id}/restore", Named::Link, nothing, 200),
    post("/v1/links/{id}/clicks", Named::Link, || json!({}), 202),
    get("/v1/links/{id}/qr", Named::Link),
    get("/v1/links", Named::Nothing),
    get("/v1/links/export", Named::Nothing),
    get("/v1/links/{id}", Named::Link),
    get("/v1/links/stats", Named::Nothing),
    get("/v1/links/{id}/stats", Named::Link),
    get("/v1/links/stats/{dimension}", Named::Nothing),
    get("/v1/links/{id}/stats/{dimension}", Named::Link),
    get("/v1/links/clicks", Named::Nothing),
    get("/v1/links/{id}/clicks", Named::Link),
    get("/v1/links/clicks/export", Named::Nothing),
    get("/v1/links/{id}/clicks/export", Named::Link),
    live("/v1/links/clicks/live", Named::Nothing),
    live("/v1/links/{id}/clicks/live", Named::Link),
    live("/v1/links/{id}/stats/live", Named::Link),
];

/// A body that the route doesn't read.
fn nothing() -> Value {
    Value::Null
}

/// One that the workspace hasn't brought yet.
fn another_domain() -> Value {
    static NEW: AtomicUsize = AtomicUsize::new(0);
    let number = NEW.fetch_add(1, Ordering::Relaxed);
    json!({ "domain": format!("go{number}.acme.example") })
}

fn another_password() -> Value {
    json!({
        "current_password": "none of hers, whatever it is",
        "new_password": "correct horse battery staple, too",
    })
}

pub(super) fn announcement() -> Value {
    json!({
        "filename": "a.txt", "content_type": "text/plain", "size": 5, "visibility": "private",
    })
}
