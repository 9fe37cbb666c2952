//! The workspaces that somebody belongs to.

use axum::extract::State;
use events::{Timestamp, WorkspaceId};
use serde::Serialize;
use service::body::Json;
use service::caller::Caller;
use service::headers::MinPosition;
use service::page::{Page, Paging};
use service::problem::Problem;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::member_list::MemberState;
use crate::app::App;
use crate::database;
use crate::http::ReadProblems;
use crate::progress::Projection;

/// What a list of workspaces depends on: which there are, and who belongs to them.
const DEPENDS_ON: [Projection; 2] = [Projection::WorkspaceList, Projection::MemberList];

struct Row {
    workspace_id: Uuid,
    name: Option<String>,
    role: String,
    is_own: bool,
    is_suspended: bool,
    created_at: OffsetDateTime,
}

/// A workspace, as somebody belongs to it.
#[derive(Serialize, ToSchema)]
#[schema(as = Workspace)]
pub(crate) struct WorkspaceBody {
    #[schema(value_type = Uuid)]
    id: WorkspaceId,
    /// Null for one that was opened when its owner registered.
    name: Option<String>,
    /// What the caller is there.
    #[schema(example = "admin")]
    role: String,
    /// Whether it was opened when the caller registered.
    is_own: bool,
    /// How the caller stands there.
    state: MemberState,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Row> for WorkspaceBody {
    fn from(row: Row) -> Self {
        Self {
            id: WorkspaceId::new(row.workspace_id),
            name: row.name,
            role: row.role,
            is_own: row.is_own,
            state: MemberState::of(false, row.is_suspended),
            created_at: Timestamp::new(row.created_at),
        }
    }
}

/// The workspaces that the caller belongs to, oldest first
#[utoipa::path(
    get, path = "/v1/core/workspaces", operation_id = "list_workspaces", tag = "workspaces",
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "50 unless said"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("Min-Position" = Option<String>, Header, example = "CORE:1"),
    ),
    responses((status = 200, body = Page<WorkspaceBody>), ReadProblems),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    min_position: MinPosition,
    paging: Paging<WorkspaceId>,
) -> Result<Json<Page<WorkspaceBody>>, Problem> {
    app.progress.reach(&min_position, &DEPENDS_ON).await?;
    let mut read = app.databases.core.of(&caller).await?;
    let rows = sqlx::query_as!(
        Row,
        r#"select workspace.workspace_id, workspace.name, member.role,
                  workspace.is_own and workspace.owner = $1 as "is_own!", member.is_suspended,
                  workspace.created_at
             from workspace_list as workspace
             join member_list as member on member.workspace_id = workspace.workspace_id
            where member.user_id = $1 and ($2::uuid is null or workspace.workspace_id > $2)
            order by workspace.workspace_id limit $3"#,
        caller.user.uuid(),
        paging.cursor.map(WorkspaceId::uuid),
        i64::from(paging.limit) + 1,
    )
    .fetch_all(&mut *read)
    .await
    .map_err(database::problem)?;
    let page = Page::cut(rows, paging.limit, |row| WorkspaceId::new(row.workspace_id));
    Ok(Json(page.map(WorkspaceBody::from)))
}

#[cfg(test)]
mod tests;
