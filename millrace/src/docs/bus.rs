//! What the bus says of itself: an `AsyncAPI` document, and a JSON Schema for each event type.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use events::catalog::{EventType, click_batch_schema, readable_types};
use events::{BATCH_CONTENT_TYPE, CONTENT_TYPE as EVENT_CONTENT_TYPE, Channel, SOURCE};
use nats::{BATCH_HEADER, PRODUCER_HEADER};
use serde_json::{Map, Value, json};
use service::body::Json;
use service::problem::Problem;

const SCHEMA_CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/schema+json");
/// The name of a message on CLICKS, which holds many events.
const CLICKS: &str = "clicks";

/// `/v1/asyncapi.json` and `/v1/schemas/{type}`.
pub(crate) fn bus() -> Router {
    let document = document();
    let schemas: Vec<_> = readable_types();
    Router::new()
        .route(
            "/v1/asyncapi.json",
            get(move || std::future::ready(Json(document.clone()))),
        )
        .route(
            "/v1/schemas/{type}",
            get(move |Path(name): Path<String>| std::future::ready(schema(&schemas, &name))),
        )
}

fn schema(all: &[EventType], name: &str) -> Response {
    let Some(found) = all.iter().find(|it| it.name == name) else {
        let problem = Problem::new(
            StatusCode::NOT_FOUND,
            "unknown_event_type",
            "There is no such event type",
        );
        let detail = format!("{name} is no type of an event; /v1/asyncapi.json lists them all.");
        return problem.detail(detail).into_response();
    };
    let content_type = [(CONTENT_TYPE, SCHEMA_CONTENT_TYPE)];
    (content_type, found.schema.to_string()).into_response()
}

/// `AsyncAPI` 3.0, from the side of who reads.
fn document() -> Value {
    let mut schemas = Map::new();
    schemas.insert("event_headers".to_owned(), event_headers());
    schemas.insert("click_headers".to_owned(), click_headers());
    schemas.insert(CLICKS.to_owned(), without_dialect(click_batch_schema()));
    let mut messages = Map::new();
    messages.insert(CLICKS.to_owned(), click_message());
    for event_type in readable_types() {
        messages.insert(event_type.name.clone(), message(&event_type));
        schemas.insert(event_type.name, without_dialect(event_type.schema));
    }
    messages.retain(|name, _| !is_click(name));
    let channels = Channel::ALL
        .iter()
        .map(|it| (it.name.to_owned(), channel(it)));
    let operations = Channel::ALL.iter().map(|it| {
        let messages = messages_of(it).into_iter();
        let references = messages.map(|name| json!({ "$ref": format!("#/channels/{}/messages/{name}", it.name) }));
        let operation = json!({
            "action": "receive",
            "channel": { "$ref": format!("#/channels/{}", it.name) },
            "summary": format!("Read the stream {}, with a durable consumer that `millrace consumers add` makes.", it.stream),
            "messages": references.collect::<Vec<_>>(),
        });
        (format!("read_{}", it.name), operation)
    });
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Millrace: the bus",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What happened, on NATS JetStream. Events are CloudEvents 1.0 in binary mode: attributes are headers, and the body is the data. Clicks come in batches.",
        },
        "defaultContentType": EVENT_CONTENT_TYPE,
        "channels": channels.collect::<Map<_, _>>(),
        "operations": operations.collect::<Map<_, _>>(),
        "components": { "messages": messages, "schemas": schemas },
    })
}

/// Clicks come in batches, never alone.
fn is_click(event_type: &str) -> bool {
    event_type.starts_with("millrace.links.click.")
}

fn messages_of(channel: &Channel) -> Vec<String> {
    let types = channel.event_types().into_iter().map(|it| it.name);
    let mut messages: Vec<_> = types.filter(|it| !is_click(it)).collect();
    if messages.is_empty() {
        messages.push(CLICKS.to_owned());
    }
    messages
}

fn channel(channel: &Channel) -> Value {
    let parameters = channel.parameters().into_iter();
    let parameters = parameters.map(|name| {
        let about = format!("The id of the {}, a UUID.", name.replace('_', " "));
        (name.to_owned(), json!({ "description": about }))
    });
    let messages = messages_of(channel).into_iter();
    let messages = messages.map(|name| {
        let reference = json!({ "$ref": format!("#/components/messages/{name}") });
        (name, reference)
    });
    json!({
        "address": channel.address,
        "description": format!("{} On the stream {}.", channel.about, channel.stream),
        "parameters": parameters.collect::<Map<_, _>>(),
        "messages": messages.collect::<Map<_, _>>(),
    })
}

fn message(event_type: &EventType) -> Value {
    let name = &event_type.name;
    json!({
        "name": name,
        "title": name,
        "summary": event_type.schema.get("description"),
        "contentType": EVENT_CONTENT_TYPE,
        "headers": {
            "allOf": [
                { "$ref": "#/components/schemas/event_headers" },
                { "type": "object", "properties": { "ce-type": { "const": name } } },
            ],
        },
        "payload": { "$ref": format!("#/components/schemas/{name}") },
    })
}

fn click_message() -> Value {
    json!({
        "name": CLICKS,
        "title": "A batch of clicks",
        "summary": "Clicks on the links of one workspace, in the order in which they were packed.",
        "contentType": BATCH_CONTENT_TYPE,
        "headers": { "$ref": "#/components/schemas/click_headers" },
        "payload": { "$ref": "#/components/schemas/clicks" },
    })
}

fn event_headers() -> Value {
    json!({
        "type": "object",
        "required": ["ce-specversion", "ce-id", "ce-type", "ce-source", "ce-subject", "ce-time", "content-type", "millrace-actor"],
        "properties": {
            "ce-specversion": { "const": "1.0" },
            "ce-id": { "type": "string", "format": "uuid", "description": "Unique for ever." },
            "ce-type": { "type": "string", "pattern": r"^millrace\.[a-z_.]+\.v[0-9]+$" },
            "ce-source": { "const": SOURCE },
            "ce-subject": { "type": "string", "description": "The NATS subject." },
            "ce-time": { "type": "string", "format": "date-time", "description": "When it happened." },
            "content-type": { "const": EVENT_CONTENT_TYPE },
            "millrace-actor": { "type": "string", "description": "`user:<uuid>`, `api_key:<uuid>`, `anonymous` or `system`." },
            "millrace-correlation": { "type": "string", "description": "The request's X-Request-ID." },
            "millrace-causation": { "type": "string", "format": "uuid", "description": "The event it came from." },
            "traceparent": { "type": "string", "description": "W3C Trace Context." },
        },
    })
}

fn click_headers() -> Value {
    json!({
        "type": "object",
        "required": ["content-type"],
        "properties": {
            "content-type": { "const": BATCH_CONTENT_TYPE },
            PRODUCER_HEADER: { "type": "string", "format": "uuid", "description": "Who sent it: a process, or a part of its life." },
            BATCH_HEADER: { "type": "string", "pattern": "^[0-9]+$", "description": "Grows from one message of a producer to the next in a workspace; what is not larger has come before." },
        },
    })
}

/// `AsyncAPI` says itself which dialect it takes; what is generated is the same in both.
fn without_dialect(mut schema: Value) -> Value {
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("$schema");
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::document;
    use serde_json::{Value, json};

    /// The official JSON Schema of `AsyncAPI` 3.0.0; see millrace/testdata/README.md.
    const SPECIFICATION: &str = include_str!("../../testdata/asyncapi-3.0.0.json");

    fn is_good(document: &Value) -> bool {
        let specification: Value = serde_json::from_str(SPECIFICATION).unwrap();
        let validator = jsonschema::draft7::new(&specification).unwrap();
        validator.is_valid(document)
    }

    fn references<'d>(value: &'d Value, found: &mut Vec<&'d str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|it| references(it, found));
            }
            Value::Array(items) => items.iter().for_each(|it| references(it, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn the_document_is_as_asyncapi_specifies() {
        let document = document();
        assert!(is_good(&document), "{document:#}");
        for (pointer, wrong) in [
            ("/operations/read_link/action", json!("listen")),
            ("/channels/link/address", json!(1)),
            ("/components/messages/clicks/payload", json!("text")),
            ("/asyncapi", json!("2.6.0")),
        ] {
            let mut changed = document.clone();
            *changed.pointer_mut(pointer).unwrap() = wrong;
            assert!(!is_good(&changed), "{pointer}");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    /// `AsyncAPI`'s own dialect is a superset of draft 7; what is generated must mean the same in it.
    #[test]
    fn schemas_say_nothing_that_an_older_dialect_reads_otherwise() {
        let text = document().to_string();
        for keyword in [
            "$defs",
            "prefixItems",
            "unevaluated",
            "dependent",
            "$schema",
        ] {
            assert!(!text.contains(&format!("\"{keyword}")), "{keyword}");
        }
    }
}
