//! What is told of an exclusion.

use events::{ExclusionId, LinkId, Timestamp};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) struct Row {
    pub(super) exclusion_id: Uuid,
    pub(super) link_id: Option<Uuid>,
    pub(super) from_at: Option<OffsetDateTime>,
    pub(super) to_at: Option<OffsetDateTime>,
    pub(super) network: Option<i64>,
    pub(super) browser: Option<String>,
    pub(super) os: Option<String>,
    pub(super) device: Option<String>,
    pub(super) is_bot: Option<bool>,
    pub(super) reason: Option<String>,
    pub(super) created_at: OffsetDateTime,
    pub(super) clicks: i64,
}

/// Clicks that do not count: those that fit all that is given.
#[derive(Serialize, ToSchema)]
#[schema(as = Exclusion)]
pub(crate) struct ExclusionBody {
    #[schema(value_type = Uuid)]
    id: ExclusionId,
    #[schema(value_type = Option<Uuid>)]
    link_id: Option<LinkId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    network: Option<String>,
    /// Empty for clicks whose browser isn't known; so are `os` and `device`.
    browser: Option<String>,
    os: Option<String>,
    device: Option<String>,
    is_bot: Option<bool>,
    reason: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// How many clicks fit it; another exclusion may mean some of them, too.
    clicks: i64,
}

impl From<Row> for ExclusionBody {
    fn from(row: Row) -> Self {
        Self {
            id: ExclusionId::new(row.exclusion_id),
            link_id: row.link_id.map(LinkId::new),
            from: row.from_at.map(Timestamp::new),
            to: row.to_at.map(Timestamp::new),
            network: row.network.map(|it| format!("{it:016x}")),
            browser: row.browser,
            os: row.os,
            device: row.device,
            is_bot: row.is_bot,
            reason: row.reason,
            created_at: Timestamp::new(row.created_at),
            clicks: row.clicks,
        }
    }
}
