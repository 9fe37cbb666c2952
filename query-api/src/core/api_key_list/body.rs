//! What is told of an API key.

use events::{ApiKeyId, Timestamp, UserId};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) struct Row {
    pub(super) key_id: Uuid,
    pub(super) user_id: Uuid,
    pub(super) name: String,
    pub(super) scopes: Vec<String>,
    pub(super) created_at: OffsetDateTime,
    pub(super) expires_at: Option<OffsetDateTime>,
    pub(super) last_used_at: Option<OffsetDateTime>,
    pub(super) revoked_at: Option<OffsetDateTime>,
    pub(super) version: i64,
}

/// Whether a key is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ApiKeyState {
    /// It is.
    Active,
    /// Its time is over.
    Expired,
    /// Somebody ended it.
    Revoked,
}

impl ApiKeyState {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// An API key, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(crate) struct ApiKeyBody {
    #[schema(value_type = Uuid)]
    id: ApiKeyId,
    name: String,
    #[schema(example = json!(["links:read", "links:write"]))]
    scopes: Vec<String>,
    #[schema(value_type = Uuid)]
    created_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Told now and then, not for every request.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    pub(super) state: ApiKeyState,
}

impl ApiKeyBody {
    pub(super) fn new(row: Row, now: Timestamp) -> Self {
        let is_over = row.expires_at.is_some_and(|at| at <= now.odt());
        let state = match row.revoked_at {
            Some(_) => ApiKeyState::Revoked,
            None if is_over => ApiKeyState::Expired,
            None => ApiKeyState::Active,
        };
        Self {
            id: ApiKeyId::new(row.key_id),
            name: row.name,
            scopes: row.scopes,
            created_by: UserId::new(row.user_id),
            created_at: Timestamp::new(row.created_at),
            expires_at: row.expires_at.map(Timestamp::new),
            last_used_at: row.last_used_at.map(Timestamp::new),
            state,
        }
    }
}
