//! Who a user is.

use axum::extract::State;
use axum::response::Response;
use events::{Timestamp, UserId, WorkspaceId};
use serde::Serialize;
use service::caller::Caller;
use service::headers::{IfNoneMatch, MinPosition};
use service::problem::Problem;
use utoipa::ToSchema;

use crate::app::App;
use crate::database;
use crate::http::{ReadProblems, Versioned};
use crate::progress::Projection;

/// A user, as a member of a workspace.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserBody {
    #[schema(value_type = uuid::Uuid)]
    id: UserId,
    email: String,
    name: String,
    #[schema(value_type = uuid::Uuid)]
    workspace_id: WorkspaceId,
    #[schema(example = "admin")]
    role: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// The caller
#[utoipa::path(
    get, path = "/v1/core/users/me", tag = "users", security(("bearer" = [])),
    params(("Min-Position" = Option<String>, Header, example = "CORE:17")),
    responses((status = 200, body = UserBody), (status = 304), ReadProblems),
)]
pub(crate) async fn me(
    State(app): State<App>,
    caller: Caller,
    min_position: MinPosition,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    app.progress
        .reach(&min_position, &[Projection::UserProfile])
        .await?;
    let row = sqlx::query!(
        "select user_id, email, name, workspace_id, role, created_at, version
           from user_profile where user_id = $1 and workspace_id = $2",
        caller.user.uuid(),
        caller.workspace.uuid(),
    )
    .fetch_optional(&app.databases.core)
    .await
    .map_err(database::problem)?
    .ok_or_else(Problem::not_found)?;
    let body = UserBody {
        id: UserId::new(row.user_id),
        email: row.email,
        name: row.name,
        workspace_id: WorkspaceId::new(row.workspace_id),
        role: row.role,
        created_at: Timestamp::new(row.created_at),
    };
    Ok(Versioned::at(row.version, &body)?
        .cached("private, max-age=300")
        .unless_known(&known))
}

#[cfg(test)]
mod tests;
