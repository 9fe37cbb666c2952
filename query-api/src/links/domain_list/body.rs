//! What is told of a workspace's own domain.

use events::{DomainId, Timestamp};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) struct Row {
    pub(super) domain_id: Uuid,
    pub(super) domain: String,
    pub(super) is_case_sensitive: bool,
    pub(super) record_name: String,
    pub(super) record_value: String,
    pub(super) is_default: bool,
    pub(super) created_at: OffsetDateTime,
    pub(super) verified_at: Option<OffsetDateTime>,
    pub(super) version: i64,
}

/// A workspace's own domain.
#[derive(Serialize, ToSchema)]
#[schema(as = Domain)]
pub(crate) struct DomainBody {
    #[schema(value_type = Uuid)]
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

impl From<Row> for DomainBody {
    fn from(row: Row) -> Self {
        Self {
            id: DomainId::new(row.domain_id),
            domain: row.domain,
            case_sensitive: row.is_case_sensitive,
            state: match row.verified_at {
                Some(_) => "verified",
                None => "pending",
            },
            is_default: row.is_default,
            record: RecordBody {
                r#type: "TXT",
                name: row.record_name,
                value: row.record_value,
            },
            created_at: Timestamp::new(row.created_at),
            verified_at: row.verified_at.map(Timestamp::new),
        }
    }
}
