//! A short link, as readers see it.

use events::{LinkId, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;
use service::short_url::short_url;
use sqlx::types::Json;
use time::OffsetDateTime;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) struct Row {
    pub(super) link_id: Uuid,
    pub(super) slug: String,
    pub(super) former_slugs: Vec<String>,
    pub(super) domain: String,
    pub(super) target: String,
    pub(super) status: i16,
    pub(super) forward_query: bool,
    pub(super) utm: Json<Box<RawValue>>,
    pub(super) rules: Json<Box<RawValue>>,
    pub(super) expires_at: Option<OffsetDateTime>,
    pub(super) expired_target: Option<String>,
    pub(super) max_clicks: Option<i64>,
    pub(super) has_password: bool,
    pub(super) title: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) notes: Option<String>,
    pub(super) is_archived: bool,
    pub(super) created_at: OffsetDateTime,
    pub(super) version: i64,
    /// When it was asked for: what expires does so by the minute of the reader.
    pub(super) asked_at: OffsetDateTime,
}

/// A short link.
#[derive(Serialize, ToSchema)]
#[schema(as = Link)]
pub(crate) struct LinkBody {
    #[schema(value_type = Uuid)]
    pub(super) id: LinkId,
    pub(super) slug: String,
    /// The slugs of before that still lead to it, oldest first.
    pub(super) former_slugs: Vec<String>,
    pub(super) domain: String,
    #[schema(example = "https://go.example.com/spring")]
    pub(super) short_url: String,
    pub(super) target: String,
    /// The status of the redirect: 301, 302, 307 or 308.
    pub(super) status: i16,
    /// Whether the query of the request is added to the target.
    pub(super) forward_query: bool,
    /// Campaign parameters that are added to the target: `source`, `medium`, `campaign`, `term`, `content`.
    #[schema(value_type = Object)]
    pub(super) utm: Json<Box<RawValue>>,
    /// Who is led elsewhere, as it was written.
    #[schema(value_type = Vec<Object>)]
    pub(super) rules: Json<Box<RawValue>>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) expires_at: Option<Timestamp>,
    pub(super) expired_target: Option<String>,
    pub(super) max_clicks: Option<i64>,
    /// Whether visitors are asked for a password.
    pub(super) has_password: bool,
    pub(super) title: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) notes: Option<String>,
    /// `open`, `expired` or `archived`, at the moment of the answer.
    pub(super) state: &'static str,
    #[schema(value_type = String, format = DateTime)]
    pub(super) created_at: Timestamp,
}

impl LinkBody {
    pub(super) const EXPIRED: &'static str = "expired";

    pub(super) fn new(row: Row, public_url: &Url) -> Self {
        let has_expired = row.expires_at.is_some_and(|end| end <= row.asked_at);
        Self {
            id: LinkId::new(row.link_id),
            short_url: short_url(public_url.scheme(), &row.domain, &row.slug),
            slug: row.slug,
            former_slugs: row.former_slugs,
            domain: row.domain,
            target: row.target,
            status: row.status,
            forward_query: row.forward_query,
            utm: row.utm,
            rules: row.rules,
            expires_at: row.expires_at.map(Timestamp::new),
            expired_target: row.expired_target,
            max_clicks: row.max_clicks,
            has_password: row.has_password,
            title: row.title,
            tags: row.tags,
            notes: row.notes,
            state: if row.is_archived {
                "archived"
            } else if has_expired {
                Self::EXPIRED
            } else {
                "open"
            },
            created_at: Timestamp::new(row.created_at),
        }
    }
}
