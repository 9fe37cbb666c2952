//! Millrace's own files, as `GET /v1/links/export` writes them.

use events::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use service::body::Faults;

use super::super::record::Record;
use super::Brought;
use crate::links::route::UtmBody;
use crate::links::rule::RuleBody;
use crate::links::shorten::{ShortenBody, found};

pub(super) const NEEDED: &[&[&str]] = &[&["target"]];

/// What is JSON in a CSV.
const JSON: [&str; 8] = [
    "former_slugs",
    "status",
    "forward_query",
    "utm",
    "rules",
    "max_clicks",
    "has_password",
    "tags",
];

/// A link as the file tells it; a `password` may be put beside.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    target: String,
    slug: Option<String>,
    #[serde(default)]
    former_slugs: Vec<String>,
    #[serde(default = "found")]
    status: u16,
    #[serde(default)]
    forward_query: bool,
    utm: Option<UtmBody>,
    #[serde(default)]
    rules: Vec<RuleBody>,
    expires_at: Option<Timestamp>,
    expired_target: Option<String>,
    max_clicks: Option<u64>,
    #[serde(default)]
    has_password: bool,
    password: Option<String>,
    title: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    notes: Option<String>,
    state: Option<State>,
    #[serde(rename = "id")]
    _id: Option<IgnoredAny>,
    domain: Option<String>,
    #[serde(rename = "short_url")]
    _short_url: Option<IgnoredAny>,
    #[serde(rename = "created_at")]
    _created_at: Option<IgnoredAny>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum State {
    Open,
    Expired,
    Archived,
}

pub(super) fn read(record: Record, is_csv: bool, faults: &mut Faults) -> Brought {
    let object = record.object(&JSON, is_csv, faults);
    faults
        .take("", serde_json::from_value(object))
        .map_or_else(Brought::default, brought)
}

fn brought(written: Written) -> Brought {
    Brought {
        former_slugs: written.former_slugs,
        is_archived: written.state == Some(State::Archived),
        has_password: written.has_password,
        domain: written.domain,
        body: ShortenBody {
            target: written.target,
            slug: written.slug,
            domain: None,
            status: written.status,
            forward_query: written.forward_query,
            utm: written.utm,
            rules: written.rules,
            expires_at: written.expires_at,
            expired_target: written.expired_target,
            max_clicks: written.max_clicks,
            password: written.password,
            title: written.title,
            tags: written.tags,
            notes: written.notes,
        },
    }
}
