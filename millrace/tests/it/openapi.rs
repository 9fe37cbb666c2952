//! What the API says of itself, held against the specification and against what it does.

use std::collections::BTreeSet;

use anyhow::{Context, bail, ensure};
use reqwest::{Client, Method};
use serde_json::{Map, Value};
use servers::testing;
use service::caller::access::{Who, rule_of};

use crate::program::{Program, Run};
use crate::visitor::{answered, text};

const CONTEXTS: [&str; 3] = ["core", "media", "links"];
/// A description that lacks one of these is no description.
const ROUTES: [&str; 62] = [
    "POST /v1/core/users",
    "POST /v1/core/auth/login",
    "POST /v1/core/auth/refresh",
    "POST /v1/core/auth/logout",
    "DELETE /v1/core/sessions/{id}",
    "PATCH /v1/core/users/{id}",
    "DELETE /v1/core/users/{id}",
    "PUT /v1/core/users/{id}/password",
    "POST /v1/core/users/{id}/suspend",
    "POST /v1/core/users/{id}/reinstate",
    "POST /v1/core/workspaces",
    "POST /v1/core/workspaces/{id}/members",
    "PATCH /v1/core/workspaces/{id}/members/{user_id}",
    "DELETE /v1/core/workspaces/{id}/members/{user_id}",
    "POST /v1/core/api-keys",
    "DELETE /v1/core/api-keys/{id}",
    "GET /v1/core/users",
    "GET /v1/core/users/me",
    "GET /v1/core/users/{id}",
    "GET /v1/core/workspaces",
    "GET /v1/core/workspaces/{id}/members",
    "GET /v1/core/sessions",
    "GET /v1/core/api-keys",
    "GET /v1/core/api-keys/{id}",
    "GET /v1/core/audit",
    "POST /v1/media/presign",
    "POST /v1/media/assets/{id}/complete",
    "GET /v1/media/assets",
    "GET /v1/media/assets/{id}",
    "POST /v1/links",
    "POST /v1/links/bulk",
    "POST /v1/links/import",
    "PATCH /v1/links/{id}",
    "DELETE /v1/links/{id}",
    "POST /v1/links/{id}/restore",
    "POST /v1/links/{id}/clicks",
    "POST /v1/links/domains",
    "POST /v1/links/domains/{id}/verify",
    "PUT /v1/links/domains/{id}/default",
    "DELETE /v1/links/domains/{id}/default",
    "DELETE /v1/links/domains/{id}",
    "GET /v1/links/domains",
    "GET /v1/links/domains/{id}",
    "POST /v1/links/exclusions",
    "DELETE /v1/links/exclusions/{id}",
    "GET /v1/links/exclusions",
    "GET /v1/links",
    "GET /v1/links/export",
    "GET /v1/links/{id}",
    "GET /v1/links/{id}/qr",
    "GET /v1/links/{id}/stats",
    "GET /v1/links/stats",
    "GET /v1/links/{id}/stats/{dimension}",
    "GET /v1/links/stats/{dimension}",
    "GET /v1/links/{id}/clicks",
    "GET /v1/links/clicks",
    "GET /v1/links/{id}/clicks/export",
    "GET /v1/links/clicks/export",
    "GET /v1/links/{id}/clicks/live",
    "GET /v1/links/clicks/live",
    "GET /v1/links/{id}/stats/live",
    "GET /{slug}",
];
/// What may be done only so often.
const LIMITED: [&str; 20] = [
    "POST /{slug}",
    "POST /v1/core/users",
    "POST /v1/core/auth/login",
    "POST /v1/core/auth/refresh",
    "PATCH /v1/core/users/{id}",
    "PUT /v1/core/users/{id}/password",
    "POST /v1/core/users/{id}/suspend",
    "POST /v1/core/users/{id}/reinstate",
    "POST /v1/core/workspaces/{id}/members",
    "PATCH /v1/core/workspaces/{id}/members/{user_id}",
    "DELETE /v1/core/workspaces/{id}/members/{user_id}",
    "POST /v1/core/api-keys",
    "DELETE /v1/core/api-keys/{id}",
    "POST /v1/links",
    "POST /v1/links/bulk",
    "PATCH /v1/links/{id}",
    "POST /v1/links/{id}/clicks",
    "POST /v1/links/domains/{id}/verify",
    "POST /v1/links/exclusions",
    "DELETE /v1/links/exclusions/{id}",
];
/// What an answer tells of limits.
const LIMIT_HEADERS: [&str; 3] = ["Retry-After", "RateLimit", "RateLimit-Policy"];

/// One operation of a document.
struct Operation<'d> {
    method: &'d str,
    path: &'d str,
    value: &'d Value,
}

impl Operation<'_> {
    fn name(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }
}

fn object<'d>(value: &'d Value, key: &str) -> anyhow::Result<&'d Map<String, Value>> {
    let found = value.get(key).and_then(Value::as_object);
    found.with_context(|| format!("no object {key:?} in {value}"))
}

fn operations(document: &Value) -> anyhow::Result<Vec<Operation<'_>>> {
    let mut operations = Vec::new();
    for (path, item) in object(document, "paths")? {
        for (method, value) in item.as_object().context("no path item")? {
            let is_method = ["get", "post", "put", "patch", "delete"].contains(&method.as_str());
            ensure!(is_method, "{method} in {path}");
            operations.push(Operation {
                method,
                path,
                value,
            });
        }
    }
    ensure!(!operations.is_empty(), "no operation in {document}");
    Ok(operations)
}

/// What the specification (OpenAPI 3.1) asks of a document, as far as generated ones can miss it.
fn check(document: &Value) -> anyhow::Result<()> {
    ensure!(text(document, "openapi")?.starts_with("3.1."));
    let info = document.get("info").context("no info")?;
    ensure!(!text(info, "title")?.is_empty() && !text(info, "version")?.is_empty());
    for reference in references(document) {
        let pointer = reference.strip_prefix('#').context("a foreign reference")?;
        ensure!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
    let mut ids = BTreeSet::new();
    for operation in operations(document)? {
        let name = operation.name();
        check_operation(document, &operation).with_context(|| name.clone())?;
        let id = text(operation.value, "operationId")?;
        ensure!(
            ids.insert(id.clone()),
            "{name}: {id} is another operation's id"
        );
    }
    Ok(())
}

fn check_operation(document: &Value, operation: &Operation<'_>) -> anyhow::Result<()> {
    let Operation { path, value, .. } = operation;
    let tags = value.get("tags").and_then(Value::as_array);
    ensure!(tags.is_some_and(|tags| !tags.is_empty()), "no tag");
    let responses = object(value, "responses")?;
    ensure!(
        responses.keys().any(|status| status.as_str() < "400"),
        "no good answer"
    );
    for (status, response) in responses {
        text(response, "description").with_context(|| format!("answer {status}"))?;
    }
    check_parameters(path, value)?;
    let schemes = document.pointer("/components/securitySchemes");
    for requirement in value
        .get("security")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        for scheme in requirement.as_object().context("security")?.keys() {
            let is_known = schemes.is_some_and(|known| known.get(scheme).is_some());
            ensure!(is_known, "no security scheme {scheme}");
        }
    }
    Ok(())
}

/// Every `{name}` of a path is a required parameter, and the other way round.
fn check_parameters(path: &str, operation: &Value) -> anyhow::Result<()> {
    let in_path: BTreeSet<_> = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .collect();
    let mut told = BTreeSet::new();
    let parameters = operation.get("parameters").and_then(Value::as_array);
    for parameter in parameters.into_iter().flatten() {
        ensure!(parameter.get("schema").is_some(), "no schema: {parameter}");
        if text(parameter, "in")? == "path" {
            ensure!(parameter.get("required") == Some(&Value::Bool(true)));
            told.insert(
                parameter
                    .get("name")
                    .and_then(Value::as_str)
                    .unwrap_or_default(),
            );
        }
    }
    ensure!(in_path == told, "{in_path:?} is not {told:?}");
    Ok(())
}

/// Who may use a route, and how it refuses, is told as the table of access has it.
fn check_refusals(operation: &Operation<'_>) -> anyhow::Result<()> {
    let Operation { path, value, .. } = operation;
    let answers = object(value, "responses")?;
    let method: Method = operation.method.to_uppercase().parse()?;
    let rule = rule_of(&method, path);
    let needs_caller = rule.is_some_and(|rule| rule.who != Who::Anybody);
    ensure!(value.get("security").is_some() == needs_caller, "security");
    if let Some(rule) = rule {
        ensure!(text(value, "description")?.ends_with(&rule.sentence()));
    }
    let parameters = value.get("parameters").map(Value::to_string);
    let is_versioned = parameters.is_some_and(|it| it.contains("If-Match"));
    for (status, is_due) in [
        ("401", needs_caller),
        ("403", needs_caller),
        ("404", path.contains('{')),
        ("409", rule.is_some() && method != Method::GET),
        ("412", is_versioned),
        ("422", rule.is_some() && value.get("requestBody").is_some()),
        ("429", LIMITED.contains(&operation.name().as_str())),
        ("503", true),
    ] {
        ensure!(answers.contains_key(status) || !is_due, "no {status}");
    }
    ensure!(answers.contains_key("412") == is_versioned, "412");
    let headers = |status: &str, names: &[&str]| {
        let told = answers.get(status).and_then(|it| it.get("headers"));
        let is_told = |name: &&str| told.is_some_and(|told| told.get(*name).is_some());
        !answers.contains_key(status) || names.iter().all(is_told)
    };
    ensure!(headers("503", &LIMIT_HEADERS[..1]) && headers("429", &LIMIT_HEADERS));
    Ok(())
}

fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(object) => {
            let own = object.get("$ref").and_then(Value::as_str);
            own.into_iter()
                .chain(object.values().flat_map(references))
                .collect()
        }
        Value::Array(array) => array.iter().flat_map(references).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

async fn document(program: &Program, context: &str) -> anyhow::Result<Value> {
    let url = format!("{}/v1/{context}/openapi.json", program.url());
    Ok(answered(Client::new().get(url), 200).await?.json().await?)
}

#[tokio::test]
async fn the_documents_are_openapi_and_what_they_describe_is_there() -> anyhow::Result<()> {
    let data = testing::scratch();
    let program = Run::up(data.path())?.serve().await?;
    let mut described = BTreeSet::new();
    for context in CONTEXTS {
        let document = document(&program, context).await?;
        check(&document).with_context(|| format!("the document of {context}"))?;
        for operation in operations(&document)? {
            let is_redirect = (context, operation.path) == ("links", "/{slug}");
            ensure!(
                is_redirect || operation.path.starts_with(&format!("/v1/{context}")),
                "{}",
                operation.path
            );
            check_refusals(&operation).with_context(|| operation.name())?;
            is_there(&program, &operation).await?;
            described.insert(operation.name());
        }
    }
    let missing: Vec<_> = ROUTES
        .iter()
        .filter(|route| !described.contains(**route))
        .collect();
    ensure!(missing.is_empty(), "not described: {missing:?}");
    Ok(())
}

/// Without a token and a body it is refused, and not because there is no such route.
async fn is_there(program: &Program, operation: &Operation<'_>) -> anyhow::Result<()> {
    let path = operation
        .path
        .replace("{id}", "01234567-89ab-7def-8123-456789abcdef")
        .replace("{user_id}", "01234567-89ab-7def-8123-456789abcdef")
        .replace("{slug}", "nobody-made-this");
    let method: Method = operation.method.to_uppercase().parse()?;
    let url = format!("{}{path}", program.url());
    let answer = Client::new().request(method, url).send().await?;
    let status = answer.status().as_u16();
    let needs_token = operation.value.get("security").is_some();
    let is_refused = match status {
        401 => needs_token,
        404 => path == "/nobody-made-this",
        400 | 415 | 422 => !needs_token,
        _ => false,
    };
    if !is_refused {
        bail!(
            "{} answered {status}: {}",
            operation.name(),
            answer.text().await?
        );
    }
    Ok(())
}

#[tokio::test]
async fn the_reference_is_a_page_that_needs_no_other_host() -> anyhow::Result<()> {
    let data = testing::scratch();
    let program = Run::up(data.path())?.serve().await?;
    let page = format!("{}/docs/", program.url());
    let answer = answered(Client::new().get(&page), 200).await?;
    let kind = answer.headers().get("content-type").cloned();
    ensure!(kind.is_some_and(|it| it.to_str().is_ok_and(|it| it.starts_with("text/html"))));
    let html = answer.text().await?;
    let assets = assets(&html);
    ensure!(assets.len() >= 4, "{assets:?} in {html}");
    for asset in assets {
        let is_own = !asset.contains("//") && !asset.starts_with("data:");
        ensure!(is_own, "{asset} is elsewhere");
        let asset = format!("{page}{}", asset.trim_start_matches("./"));
        let body = answered(Client::new().get(&asset), 200).await?.text().await;
        ensure!(body.is_ok_and(|body| !body.is_empty()), "{asset} is empty");
    }
    let start = format!("{page}swagger-initializer.js");
    let start = answered(Client::new().get(start), 200)
        .await?
        .text()
        .await?;
    for context in CONTEXTS {
        let document = format!("/v1/{context}/openapi.json");
        ensure!(start.contains(&document), "{document} is not in {start}");
    }
    let missing = answered(Client::new().get(format!("{page}missing")), 404).await?;
    ensure!(missing.text().await?.contains("\"not_found\""));
    Ok(())
}

/// What the page asks the browser to load.
fn assets(html: &str) -> Vec<&str> {
    ["src=\"", "href=\""]
        .into_iter()
        .flat_map(|attribute| html.split(attribute).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[test]
fn a_document_with_a_fault_is_refused() {
    let good = serde_json::json!({
        "openapi": "3.1.0",
        "info": { "title": "t", "version": "1" },
        "paths": { "/v1/a/{id}": { "get": {
            "operationId": "a", "tags": ["a"], "security": [{ "bearer": [] }],
            "parameters": [{ "name": "id", "in": "path", "required": true, "schema": {} }],
            "responses": { "200": { "description": "", "$ref": "#/components/x" } },
        } } },
        "components": { "x": {}, "securitySchemes": { "bearer": {} } },
    });
    check(&good).unwrap();
    for missing in [
        "/components/x",
        "/components/securitySchemes/bearer",
        "/info/title",
        "/paths/~1v1~1a~1{id}/get/operationId",
        "/paths/~1v1~1a~1{id}/get/tags",
        "/paths/~1v1~1a~1{id}/get/parameters",
        "/paths/~1v1~1a~1{id}/get/responses/200/description",
    ] {
        let (parent, key) = missing.rsplit_once('/').unwrap();
        let mut bad = good.clone();
        let parent = bad.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        assert!(parent.remove(key).is_some(), "{missing}");
        assert!(check(&bad).is_err(), "{missing}");
    }
    let mut twice = good.clone();
    twice["paths"]["/v1/b"] = serde_json::json!({ "get": {
        "operationId": "a", "tags": ["a"], "responses": { "200": { "description": "" } },
    } });
    assert!(check(&twice).is_err());
}
