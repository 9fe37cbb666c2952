//! Every event type there is, with a JSON Schema made from the Rust type.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::Value;

use crate::DomainEvent;
use crate::core::{ApiKeyEvent, SessionEvent, UserEvent, WorkspaceEvent};
use crate::links::{Click, ClickEvent, ExclusionEvent, LinkEvent, OwnDomainEvent};
use crate::media::AssetEvent;

/// What an earlier version was, frozen when its variant went.
const FORMER: [(&str, &str); 4] = [
    (
        "millrace.links.click.recorded.v1",
        include_str!("../schemas/millrace.links.click.recorded.v1.json"),
    ),
    (
        "millrace.links.click.recorded.v2",
        include_str!("../schemas/millrace.links.click.recorded.v2.json"),
    ),
    (
        "millrace.links.link.shortened.v1",
        include_str!("../schemas/millrace.links.link.shortened.v1.json"),
    ),
    (
        "millrace.links.link.shortened.v2",
        include_str!("../schemas/millrace.links.link.shortened.v2.json"),
    ),
];

/// An event type and the shape of its data.
#[derive(Clone, Debug)]
pub struct EventType {
    /// `millrace.<context>.<aggregate>.<event>.v<N>`
    pub name: String,
    /// JSON Schema 2020-12 of the event's data.
    pub schema: Value,
}

/// Every event type that is written today, by name.
#[must_use]
pub fn event_types() -> Vec<EventType> {
    let mut types: Vec<EventType> = [
        of_aggregate::<UserEvent>(),
        of_aggregate::<SessionEvent>(),
        of_aggregate::<WorkspaceEvent>(),
        of_aggregate::<ApiKeyEvent>(),
        of_aggregate::<LinkEvent>(),
        of_aggregate::<OwnDomainEvent>(),
        of_aggregate::<ExclusionEvent>(),
        of_aggregate::<AssetEvent>(),
        vec![EventType {
            name: ClickEvent::EVENT_TYPE.to_owned(),
            schema: schema_of::<Click<'_>>(),
        }],
    ]
    .concat();
    types.sort_by(|a, b| a.name.cmp(&b.name));
    types
}

/// Every event type that a log may hold, by name: besides those of today, the earlier versions, which are written no more.
#[must_use]
pub fn readable_types() -> Vec<EventType> {
    let former = FORMER.iter().filter_map(|&(name, schema)| {
        let schema = serde_json::from_str(schema).ok()?;
        let name = name.to_owned();
        Some(EventType { name, schema })
    });
    let mut types: Vec<_> = event_types().into_iter().chain(former).collect();
    types.sort_by(|a, b| a.name.cmp(&b.name));
    types
}

/// JSON Schema of a message on CLICKS: whole events in an array.
#[must_use]
pub fn click_batch_schema() -> Value {
    schema_of::<Vec<ClickEvent<'_>>>()
}

fn schema_of<T: JsonSchema>() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    SchemaGenerator::new(settings)
        .into_root_schema_for::<T>()
        .to_value()
}

/// Takes the enum's schema apart: each variant is an object with the event's name as its one property.
fn of_aggregate<E: DomainEvent>() -> Vec<EventType> {
    let root = schema_of::<E>();
    let variants = root
        .get("oneOf")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    variants
        .iter()
        .filter_map(|variant| of_variant::<E>(variant))
        .collect()
}

fn of_variant<E: DomainEvent>(variant: &Value) -> Option<EventType> {
    let (name, data) = variant.get("properties")?.as_object()?.iter().next()?;
    let mut schema = data.clone();
    let fields = schema.as_object_mut()?;
    fields.insert(
        "$schema".to_owned(),
        "https://json-schema.org/draft/2020-12/schema".into(),
    );
    if let Some(about) = variant.get("description") {
        fields.insert("description".to_owned(), about.clone());
    }
    Some(EventType {
        name: format!("{}.{name}", E::AGGREGATE),
        schema,
    })
}
