//! A workspace's own domain, as the workspace is told of it.

use axum::http::StatusCode;
use events::DomainId;
use serde::Serialize;
use utoipa::ToSchema;

use super::OwnDomains;
use super::own::Brought;
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
    /// `added`, or `verified`: links can be made on it, and lead.
    state: &'static str,
    record: RecordBody,
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

impl From<&Brought> for DomainBody {
    fn from(brought: &Brought) -> Self {
        Self {
            id: brought.id,
            domain: brought.name.clone(),
            case_sensitive: brought.is_case_sensitive,
            state: brought.stage.as_str(),
            record: RecordBody {
                r#type: "TXT",
                name: brought.record_name.clone(),
                value: brought.record_value.clone(),
            },
        }
    }
}

/// What a wish about a domain is answered: the domain as it is after it.
pub(super) fn answer(
    status: StatusCode,
    own: &OwnDomains,
    id: DomainId,
) -> Result<Answer, serde_json::Error> {
    let body = own.find(id).map(DomainBody::from);
    Ok(Answer {
        status,
        body: serde_json::to_string(&body)?,
    })
}
