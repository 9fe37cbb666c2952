//! Links as lines of CSV or of JSON.

use std::error::Error;

use serde::Serialize;
use service::problem::Problem;

use super::super::body::LinkBody;
use super::Format;

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

type AnyError = Box<dyn Error + Send + Sync>;

/// What stands before the first link.
pub(super) fn head(format: Format) -> Result<Vec<u8>, Problem> {
    match format {
        Format::Csv => csv([COLUMNS.map(str::to_owned)].into_iter().map(Ok)).map_err(failed),
        Format::Ndjson => Ok(Vec::new()),
    }
}

/// A line for each link; of a CSV, one with line breaks in it takes several.
pub(super) fn links(
    format: Format,
    links: impl Iterator<Item = LinkBody>,
) -> Result<Vec<u8>, Problem> {
    match format {
        Format::Csv => csv(links.map(|link| cells(&link))).map_err(failed),
        Format::Ndjson => ndjson(links).map_err(|error| failed(error.into())),
    }
}

fn ndjson(links: impl Iterator<Item = LinkBody>) -> serde_json::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for link in links {
        serde_json::to_writer(&mut lines, &link)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// Every text stands as it is, whatever it begins with: a mark against spreadsheets would come back as part of it.
fn csv(
    records: impl Iterator<Item = Result<[String; COLUMNS.len()], AnyError>>,
) -> Result<Vec<u8>, AnyError> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for record in records {
        writer.write_record(record?)?;
    }
    Ok(writer.into_inner().map_err(|error| error.to_string())?)
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

#[expect(
    clippy::needless_pass_by_value,
    reason = "`map_err` hands the error over"
)]
fn failed(error: AnyError) -> Problem {
    Problem::internal(error.as_ref())
}
