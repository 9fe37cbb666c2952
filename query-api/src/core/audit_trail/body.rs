//! What is told of something that happened.

use events::{EventId, Timestamp};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) struct Row {
    pub(super) stream: String,
    pub(super) sequence: i64,
    pub(super) event_id: Uuid,
    pub(super) event_type: String,
    pub(super) subject_kind: String,
    pub(super) subject_id: Uuid,
    pub(super) actor_kind: String,
    pub(super) actor_id: Option<Uuid>,
    pub(super) occurred_at: OffsetDateTime,
    pub(super) request_id: Option<String>,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
#[schema(as = Act)]
pub(crate) struct ActBody {
    /// Where it stands on the log.
    #[schema(example = "LINKS:17")]
    position: String,
    #[schema(value_type = Uuid)]
    event_id: EventId,
    #[schema(example = "millrace.links.link.shortened.v3")]
    r#type: String,
    subject: SubjectBody,
    actor: ActorBody,
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Timestamp,
    /// The `X-Request-ID` of the request that it came from.
    request_id: Option<String>,
}

/// What it happened to.
#[derive(Serialize, ToSchema)]
#[schema(as = ActSubject)]
struct SubjectBody {
    /// `user`, `session`, `workspace`, `api_key`, `asset`, `link` or `domains`.
    #[schema(example = "link")]
    kind: String,
    /// Of `domains`, which are all that a workspace brought, it is the workspace's.
    id: Uuid,
}

/// Who did it.
#[derive(Serialize, ToSchema)]
#[schema(as = Actor)]
struct ActorBody {
    /// `user`, `api_key`, `anonymous` or `system`.
    #[schema(example = "user")]
    kind: String,
    /// Null for the anonymous and the system.
    id: Option<Uuid>,
}

impl From<Row> for ActBody {
    fn from(row: Row) -> Self {
        Self {
            position: format!("{}:{}", row.stream, row.sequence),
            event_id: EventId::new(row.event_id),
            r#type: row.event_type,
            subject: SubjectBody {
                kind: row.subject_kind,
                id: row.subject_id,
            },
            actor: ActorBody {
                kind: row.actor_kind,
                id: row.actor_id,
            },
            occurred_at: Timestamp::new(row.occurred_at),
            request_id: row.request_id,
        }
    }
}
