//! Links as lines of CSV or of JSON.

use serde::Serialize;
use service::problem::Problem;

use super::super::body::LinkBody;
use super::Format;
use crate::http::file::{AnyError, csv, failed, ndjson};

/// The names of the columns, in their order; they are those of the JSON.
pub(super) const COLUMNS: [&str; 19] = [
    "id",
    "slug",
    "former_slugs",
    "domain",
    "short_url",
    "target",
    "status",
    "forward_query",
    "utm",
    "rules",
    "expires_at",
    "expired_target",
    "max_clicks",
    "has_password",
    "title",
    "tags",
    "notes",
    "state",
    "created_at",
];

/// A line for each link; of a CSV, one with line breaks in it takes several, and the names stand before the first.
pub(super) fn links(
    format: Format,
    is_first: bool,
    links: impl Iterator<Item = LinkBody>,
) -> Result<Vec<u8>, Problem> {
    let written = match format {
        Format::Csv => csv(|writer| {
            if is_first {
                writer.write_record(COLUMNS)?;
            }
            for link in links {
                writer.write_record(cells(&link)?)?;
            }
            Ok(())
        }),
        Format::Ndjson => ndjson(links),
    };
    written.map_err(failed)
}

/// What is nothing is an empty cell; lists and objects are JSON.
fn cells(link: &LinkBody) -> Result<[String; COLUMNS.len()], AnyError> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Ok([
        link.id.to_string(),
        link.slug.clone(),
        json(&link.former_slugs)?,
        link.domain.clone(),
        link.short_url.clone(),
        link.target.clone(),
        link.status.to_string(),
        link.forward_query.to_string(),
        link.utm.get().to_owned(),
        link.rules.get().to_owned(),
        link.expires_at
            .map_or_else(String::new, |it| it.to_string()),
        text(&link.expired_target),
        link.max_clicks
            .map_or_else(String::new, |it| it.to_string()),
        link.has_password.to_string(),
        text(&link.title),
        json(&link.tags)?,
        text(&link.notes),
        link.state.to_owned(),
        link.created_at.to_string(),
    ])
}

fn json(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value)
}
