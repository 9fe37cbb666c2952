//! A workspace's own domain, as the workspace is told of it.

use axum::http::StatusCode;
use events::{DomainId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::OwnDomains;
use super::known::Times;
use crate::accepted::Answer;

/// A workspace's own domain.
#[derive(Serialize, ToSchema)]
#[schema(as = Domain)]
pub(crate) struct DomainBody {
    #[schema(value_type = uuid::Uuid)]
    id: DomainId,
    /// Its name in the DNS; letters beyond ASCII are in Punycode.
    #[schema(example = "go.example.com")]
    domain: String,
    /// Whether slugs that differ in case alone are two.
    case_sensitive: bool,
    /// `pending`, or `verified`: links can be made on it, and lead.
    state: &'static str,
    /// Whether links that name no domain are made on it.
    is_default: bool,
    record: RecordBody,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    verified_at: Option<Timestamp>,
}

/// The record of the DNS that proves control of a domain.
#[derive(Serialize, ToSchema)]
#[schema(as = DomainRecord)]
struct RecordBody {
    /// `TXT`
    r#type: &'static str,
    #[schema(example = "_millrace.go.example.com")]
    name: String,
    #[schema(example = "millrace-verification=pVZ0m6SxQhyB2kdN")]
    value: String,
}

impl DomainBody {
    fn of(own: &OwnDomains, id: DomainId, times: Times) -> Option<Self> {
        let brought = own.find(id)?;
        Some(Self {
            id: brought.id,
            domain: brought.name.clone(),
            case_sensitive: brought.is_case_sensitive,
            state: brought.stage.as_str(),
            is_default: own.default_one().is_some_and(|it| it.id == id),
            record: RecordBody {
                r#type: "TXT",
                name: brought.record_name.clone(),
                value: brought.record_value.clone(),
            },
            created_at: times.created_at,
            verified_at: times.verified_at,
        })
    }
}

/// What a wish about a domain is answered: the domain as it is after it.
pub(super) fn answer(
    status: StatusCode,
    own: &OwnDomains,
    id: DomainId,
    times: Times,
) -> Result<Answer, serde_json::Error> {
    let body = DomainBody::of(own, id, times);
    Ok(Answer {
        status,
        body: serde_json::to_string(&body)?,
    })
}
