//! What the bus says of itself, as anybody may ask for it.

use anyhow::{Context, ensure};
use reqwest::get;
use serde_json::Value;
use servers::testing;

use crate::program::Run;
use crate::visitor::text;

#[tokio::test]
async fn the_bus_is_described_to_anybody() -> anyhow::Result<()> {
    let data = testing::scratch();
    let program = Run::up(data.path())?.serve().await?;
    let url = program.url();
    let document: Value = get(format!("{url}/v1/asyncapi.json")).await?.json().await?;
    ensure!(text(&document, "asyncapi")? == "3.0.0");
    let schemas = document
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    let types = schemas.context("no schemas")?.iter();
    let types: Vec<_> = types
        .filter(|(name, _)| name.starts_with("millrace."))
        .collect();
    ensure!(types.len() > 30, "{types:?}");
    for (name, described) in types {
        let answer = get(format!("{url}/v1/schemas/{name}")).await?;
        let content_type = answer.headers().get("content-type").cloned();
        ensure!(
            content_type.is_some_and(|it| it == "application/schema+json"),
            "{name}"
        );
        let mut schema: Value = answer.json().await?;
        let dialect = schema.as_object_mut().and_then(|it| it.remove("$schema"));
        ensure!(
            dialect == Some("https://json-schema.org/draft/2020-12/schema".into()),
            "{name}"
        );
        ensure!(schema == *described, "{name} is not as the document has it");
    }
    let answer = get(format!("{url}/v1/schemas/millrace.links.link.painted.v1")).await?;
    ensure!(answer.status() == 404);
    let problem: Value = answer.json().await?;
    ensure!(text(&problem, "error")? == "unknown_event_type");
    ensure!(
        text(&problem, "detail")?.contains("millrace.links.link.painted.v1"),
        "{problem}"
    );
    Ok(())
}
