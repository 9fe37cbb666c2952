//! What belongs to another workspace is not there.

use std::cmp::Reverse;

use events::StreamName;
use millrace::system::Processes;
use reqwest::Method;
use serde_json::{Value, json};

use crate::eventually::eventually;
use crate::stack::{Dns, Link, Person, Stack};

/// One of each kind, by their ids.
struct Resources {
    link: String,
    asset: String,
    domain: String,
    exclusion: String,
}

/// Every route of media and links that names a resource, with the identifiers put in, and its method;
/// what ends something comes last.
async fn routes(stack: &Stack, of: &Resources) -> Vec<(Method, String)> {
    let mut routes = Vec::new();
    for context in ["media", "links"] {
        let document = stack.guest().reads_the_document_of(context).await;
        for (path, methods) in document["paths"].as_object().unwrap() {
            // What names nothing is the own workspace's, and a redirect is for everybody.
            if !path.contains("{id}") {
                continue;
            }
            let id = match path {
                _ if path.starts_with("/v1/media/") => &of.asset,
                _ if path.starts_with("/v1/links/domains/") => &of.domain,
                _ if path.starts_with("/v1/links/exclusions/") => &of.exclusion,
                _ => &of.link,
            };
            let path = path.replace("{id}", id).replace("{dimension}", "country");
            assert!(!path.contains(['{', '}']), "another kind of name in {path}");
            for method in methods.as_object().unwrap().keys() {
                let method = method.to_uppercase().parse().unwrap();
                routes.push((method, path.clone()));
            }
        }
    }
    routes.sort_by_key(|(method, path)| (*method == Method::DELETE, Reverse(path.len())));
    routes
}

/// A domain that is proven to be hers.
async fn domain(person: &Person, dns: &Dns) -> String {
    let wish = json!({ "domain": "go.acme.example" });
    let added = person.writes("/v1/links/domains", &wish).await;
    let added = added.is(201).body;
    let record = |field: &str| added["record"][field].as_str().unwrap();
    dns.sets(record("name"), record("value"));
    let id = added["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/links/domains/{id}/verify");
    person.writes(&path, &json!({})).await.is(200);
    id
}

async fn asks(person: &Person, method: &Method, path: &str) -> u16 {
    let mut request = person.request(method.clone(), path);
    if *method != Method::GET {
        request = request.json(&json!({}));
    }
    // Without these, a subscription is refused before anybody asks whose it is.
    for (name, value) in [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="),
    ] {
        if path.ends_with("/live") {
            request = request.header(name, value);
        }
    }
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn what_belongs_to_another_workspace_is_not_there() {
    let dns = Dns::start().await;
    let stack = Stack::resolving_at(dns.address, &[Processes::ALL]).await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let link = ada.shortens("https://example.com").await;
    let announcement = json!({
        "filename": "a.txt", "content_type": "text/plain", "size": 5, "visibility": "public",
    });
    let presigned = ada.asks_to_upload(&announcement).await.is(201).body;
    let asset = presigned["asset"]["id"].as_str().unwrap();
    ada.uploads(&presigned["upload"], b"hello").await.is(200);
    ada.sees(&link).await.is(200);
    ada.sees_asset(asset).await.is(200);
    let domain = domain(&ada, &dns).await;
    let path = format!("/v1/links/domains/{domain}");
    ada.reads(&path).await.is(200);

    let rule = json!({ "link_id": link.id, "is_bot": true });
    let excluded = ada.writes("/v1/links/exclusions", &rule).await.is(201).body;
    let of_ada = Resources {
        link: link.id,
        asset: asset.to_owned(),
        domain,
        exclusion: excluded["id"].as_str().unwrap().to_owned(),
    };
    let routes = routes(&stack, &of_ada).await;
    assert!(routes.len() >= 10, "{routes:?}");
    for (method, path) in &routes {
        assert_eq!(asks(&bob, method, path).await, 404, "{method} {path}");
        let own = asks(&ada, method, path).await;
        assert!(
            [101, 200, 202, 204].contains(&own),
            "{own}: {method} {path}"
        );
    }
    stack.finish().await;
}

#[tokio::test]
async fn people_of_another_workspace_are_not_there() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let id = |field: &str| ada.user[field].as_str().unwrap().to_owned();
    let (user, workspace) = (id("id"), id("workspace_id"));
    // A login has no position to wait for.
    let session = eventually("a session", async || {
        let sessions = ada.reads("/v1/core/sessions").await.is(200).body;
        let id = sessions["items"][0]["id"].as_str().map(str::to_owned);
        id.ok_or(sessions)
    })
    .await;
    let wish = json!({ "name": "deploys", "scopes": ["links:read"] });
    let issued = ada.writes("/v1/core/api-keys", &wish).await.is(201).body;
    let key = issued["id"].as_str().unwrap();
    let member = json!({ "email": "eve@example.com", "role": "admin" });
    for (method, path, body) in [
        ("GET", format!("users/{user}"), json!({})),
        ("PATCH", format!("users/{user}"), json!({ "name": "Eve" })),
        ("DELETE", format!("users/{user}"), json!({})),
        ("POST", format!("users/{user}/suspend"), json!({})),
        ("POST", format!("users/{user}/reinstate"), json!({})),
        ("GET", format!("workspaces/{workspace}/members"), json!({})),
        ("POST", format!("workspaces/{workspace}/members"), member),
        (
            "PATCH",
            format!("workspaces/{workspace}/members/{user}"),
            json!({ "role": "viewer" }),
        ),
        (
            "DELETE",
            format!("workspaces/{workspace}/members/{user}"),
            json!({}),
        ),
        ("DELETE", format!("sessions/{session}"), json!({})),
        ("GET", format!("api-keys/{key}"), json!({})),
        ("DELETE", format!("api-keys/{key}"), json!({})),
    ] {
        let request = bob.request(method.parse().unwrap(), &format!("/v1/core/{path}"));
        let status = request.json(&body).send().await.unwrap().status().as_u16();
        assert_eq!(status, 404, "{method} {path}");
    }
    ada.sees_herself().await.is(200);
    stack.finish().await;
}

#[tokio::test]
async fn lists_and_totals_are_of_ones_own_workspace() {
    let stack = Stack::start().await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let (of_ada, of_bob) = tokio::join!(
        ada.shortens("https://example.com/ada"),
        bob.shortens("https://example.com/bob")
    );
    for link in [&of_ada, &of_ada, &of_bob] {
        stack.visitor().opens(link).await.is(302);
    }
    let last = stack.log().await.last(StreamName::Clicks).await;
    for (person, link, clicks) in [(&ada, &of_ada, 2), (&bob, &of_bob, 1)] {
        person.has_seen(format!("CLICKS:{last}").parse().unwrap());
        assert_eq!(ids(person).await, [link.id.as_str()]);
        assert_eq!(person.counts_all("include").await, clicks);
        assert_eq!(person.counts(link, "include").await, clicks);
    }
    let announcement = json!({
        "filename": "a.txt", "content_type": "text/plain", "size": 5, "visibility": "private",
    });
    ada.asks_to_upload(&announcement).await.is(201);
    for (person, assets) in [(&ada, 1), (&bob, 0)] {
        let listed = person.reads("/v1/media/assets").await.is(200).body;
        assert_eq!(listed["items"].as_array().unwrap().len(), assets);
    }
    stack.finish().await;
}

async fn ids(person: &Person) -> Vec<String> {
    let listed = person.lists_links().await.is(200).body;
    let items: &Vec<Value> = listed["items"].as_array().unwrap();
    let id = |it: &Value| it["id"].as_str().unwrap().to_owned();
    items.iter().map(id).collect()
}

#[tokio::test]
async fn a_link_of_nobody_is_not_there_either() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens("https://example.com").await;
    let nobodys = Link {
        id: ada.user["id"].as_str().unwrap().to_owned(),
        ..link
    };
    ada.sees(&nobodys).await.refuses(404, "not_found");
    stack.finish().await;
}
