//! The members of a workspace.

use axum::extract::State;
use events::{Timestamp, UserId, WorkspaceId};
use serde::Serialize;
use service::body::{Json, Path};
use service::caller::Caller;
use service::headers::MinPosition;
use service::page::{Page, Paging};
use service::problem::Problem;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::database;
use crate::http::ReadProblems;
use crate::progress::Projection;

/// What a list of members depends on: who they are, and who is one.
const DEPENDS_ON: [Projection; 2] = [Projection::UserProfile, Projection::MemberList];

/// How a user stands in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MemberState {
    /// May do what the role allows.
    Active,
    /// May do nothing until reinstated.
    Suspended,
    /// Wanted to be forgotten.
    Erased,
}

impl MemberState {
    pub(super) const fn of(is_erased: bool, is_suspended: bool) -> Self {
        match (is_erased, is_suspended) {
            (true, _) => Self::Erased,
            (false, true) => Self::Suspended,
            (false, false) => Self::Active,
        }
    }
}

struct Row {
    user_id: Uuid,
    email: Option<String>,
    name: Option<String>,
    role: String,
    is_suspended: bool,
    is_erased: bool,
    joined_at: OffsetDateTime,
}

/// A member of a workspace.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
pub(crate) struct MemberBody {
    #[schema(value_type = Uuid)]
    id: UserId,
    /// Null when the user is erased.
    email: Option<String>,
    /// Null when the user is erased.
    name: Option<String>,
    #[schema(example = "editor")]
    role: String,
    state: MemberState,
    #[schema(value_type = String, format = DateTime)]
    joined_at: Timestamp,
}

impl From<Row> for MemberBody {
    fn from(row: Row) -> Self {
        Self {
            id: UserId::new(row.user_id),
            email: row.email,
            name: row.name,
            role: row.role,
            state: MemberState::of(row.is_erased, row.is_suspended),
            joined_at: Timestamp::new(row.joined_at),
        }
    }
}

/// The workspace's members, in the order in which they registered
#[utoipa::path(
    get, path = "/v1/core/users", operation_id = "list_users", tag = "users",
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "50 unless said"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("Min-Position" = Option<String>, Header, example = "CORE:1"),
    ),
    responses((status = 200, body = Page<MemberBody>), ReadProblems),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    min_position: MinPosition,
    paging: Paging<UserId>,
) -> Result<Json<Page<MemberBody>>, Problem> {
    app.progress.reach(&min_position, &DEPENDS_ON).await?;
    let page = page(&app, &caller, &paging).await?;
    Ok(Json(page.map(MemberBody::from)))
}

/// The members of the workspace that the token speaks for
///
/// The same as `/v1/core/users`.
#[utoipa::path(
    get, path = "/v1/core/workspaces/{id}/members", operation_id = "list_members", tag = "workspaces",
    params(
        ("id" = Uuid, Path),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "50 unless said"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("Min-Position" = Option<String>, Header, example = "CORE:1"),
    ),
    responses((status = 200, body = Page<MemberBody>), ReadProblems),
)]
pub(crate) async fn of_workspace(
    State(app): State<App>,
    caller: Caller,
    Path(workspace): Path<WorkspaceId>,
    min_position: MinPosition,
    paging: Paging<UserId>,
) -> Result<Json<Page<MemberBody>>, Problem> {
    if workspace != caller.workspace {
        return Err(Problem::not_found());
    }
    list(State(app), caller, min_position, paging).await
}

async fn page(app: &App, caller: &Caller, paging: &Paging<UserId>) -> Result<Page<Row>, Problem> {
    let mut read = app.databases.core.of(caller).await?;
    // A profile may come a moment after the membership.
    let rows = sqlx::query_as!(
        Row,
        r#"select member.user_id, profile.email as "email?", profile.name as "name?", member.role,
                  member.is_suspended, profile.erased_at is not null as "is_erased!", member.joined_at
             from member_list as member
             left join user_profile as profile on profile.user_id = member.user_id
            where member.workspace_id = $1 and ($2::uuid is null or member.user_id > $2)
            order by member.user_id limit $3"#,
        caller.workspace.uuid(),
        paging.cursor.map(UserId::uuid),
        i64::from(paging.limit) + 1,
    )
    .fetch_all(&mut *read)
    .await
    .map_err(database::problem)?;
    Ok(Page::cut(rows, paging.limit, |row| {
        UserId::new(row.user_id)
    }))
}

#[cfg(test)]
mod tests;
