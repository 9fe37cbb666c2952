//! The sessions of the caller.

use axum::extract::State;
use events::{SessionId, Timestamp, WorkspaceId};
use serde::Serialize;
use service::body::Json;
use service::caller::{Caller, Credential};
use service::headers::MinPosition;
use service::page::{Page, Paging};
use service::problem::Problem;
use service::world;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::database;
use crate::http::ReadProblems;
use crate::progress::Projection;

struct Row {
    session_id: Uuid,
    workspace_id: Uuid,
    browser: Option<String>,
    os: Option<String>,
    created_at: OffsetDateTime,
    last_refreshed_at: Option<OffsetDateTime>,
    expires_at: OffsetDateTime,
}

/// A login that goes on.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionBody {
    #[schema(value_type = Uuid)]
    id: SessionId,
    /// Whether it is the one that asks.
    current: bool,
    /// As far as the browser said so itself at login.
    browser: Option<String>,
    os: Option<String>,
    /// The workspace that its newest access token speaks for.
    #[schema(value_type = Uuid)]
    workspace_id: WorkspaceId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_refreshed_at: Option<Timestamp>,
    /// When it ends unless it is refreshed.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl SessionBody {
    fn new(row: Row, caller: &Caller) -> Self {
        let id = SessionId::new(row.session_id);
        Self {
            id,
            current: caller.credential == Credential::Session(id),
            browser: row.browser,
            os: row.os,
            workspace_id: WorkspaceId::new(row.workspace_id),
            created_at: Timestamp::new(row.created_at),
            last_refreshed_at: row.last_refreshed_at.map(Timestamp::new),
            expires_at: Timestamp::new(row.expires_at),
        }
    }
}

/// The caller's own sessions that go on, newest first
#[utoipa::path(
    get, path = "/v1/core/sessions", operation_id = "list_sessions", tag = "sessions",
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "50 unless said"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("Min-Position" = Option<String>, Header, example = "CORE:1"),
    ),
    responses((status = 200, body = Page<SessionBody>), ReadProblems),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    min_position: MinPosition,
    paging: Paging<SessionId>,
) -> Result<Json<Page<SessionBody>>, Problem> {
    app.progress
        .reach(&min_position, &[Projection::SessionList])
        .await?;
    let mut read = app.databases.core.of(&caller).await?;
    let rows = sqlx::query_as!(
        Row,
        "select session_id, workspace_id, browser, os, created_at, last_refreshed_at, expires_at
           from session_list
          where user_id = $1 and expires_at > $2 and ($3::uuid is null or session_id < $3)
          order by session_id desc limit $4",
        caller.user.uuid(),
        world::now().odt(),
        paging.cursor.map(SessionId::uuid),
        i64::from(paging.limit) + 1,
    )
    .fetch_all(&mut *read)
    .await
    .map_err(database::problem)?;
    let page = Page::cut(rows, paging.limit, |row| SessionId::new(row.session_id));
    Ok(Json(page.map(|row| SessionBody::new(row, &caller))))
}

#[cfg(test)]
mod tests;
