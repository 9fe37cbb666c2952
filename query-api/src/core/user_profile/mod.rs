//! Who a user is.

use axum::extract::State;
use axum::response::Response;
use events::{Timestamp, UserId, WorkspaceId};
use serde::Serialize;
use service::body::Path;
use service::caller::Caller;
use service::headers::{IfNoneMatch, MinPosition};
use service::problem::Problem;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::member_list::MemberState;
use crate::app::App;
use crate::database;
use crate::http::{ReadProblems, Versioned};
use crate::progress::Projection;

/// What a user depends on: the profile, the membership, and, of the erased, what they once did.
const DEPENDS_ON: [Projection; 3] = [
    Projection::UserProfile,
    Projection::MemberList,
    Projection::AuditTrail,
];
/// Who somebody is changes rarely, and is asked for by every page.
const CACHED: &str = "private, max-age=300";

struct Row {
    email: Option<String>,
    name: Option<String>,
    workspace_id: Uuid,
    created_at: OffsetDateTime,
    version: i64,
    is_erased: bool,
    role: Option<String>,
    is_suspended: Option<bool>,
    member_version: Option<i64>,
}

/// A user, as the caller's workspace knows them.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserBody {
    #[schema(value_type = Uuid)]
    id: UserId,
    /// Null when the user is erased.
    email: Option<String>,
    /// Null when the user is erased.
    name: Option<String>,
    /// The workspace that was opened when the user registered.
    #[schema(value_type = Uuid)]
    workspace_id: WorkspaceId,
    /// What the user is in the caller's workspace; null for who is no member any more.
    #[schema(example = "admin")]
    role: Option<String>,
    state: MemberState,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// The caller
#[utoipa::path(
    get, path = "/v1/core/users/me", tag = "users",
    params(("Min-Position" = Option<String>, Header, example = "CORE:1")),
    responses((status = 200, body = UserBody), (status = 304), ReadProblems),
)]
pub(crate) async fn me(
    State(app): State<App>,
    caller: Caller,
    min_position: MinPosition,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    app.progress.reach(&min_position, &DEPENDS_ON).await?;
    let mut row = find(&app, &caller, caller.user).await?;
    row.role = Some(caller.role.to_string());
    answer(caller.user, row, &known)
}

/// A member of the workspace
///
/// Who is erased is told as long as something refers to them.
#[utoipa::path(
    get, path = "/v1/core/users/{id}", operation_id = "get_user", tag = "users",
    params(
        ("id" = Uuid, Path),
        ("Min-Position" = Option<String>, Header, example = "CORE:1"),
    ),
    responses((status = 200, body = UserBody), (status = 304), ReadProblems),
)]
pub(crate) async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(user): Path<UserId>,
    min_position: MinPosition,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    app.progress.reach(&min_position, &DEPENDS_ON).await?;
    let row = find(&app, &caller, user).await?;
    answer(user, row, &known)
}

async fn find(app: &App, caller: &Caller, user: UserId) -> Result<Row, Problem> {
    let mut read = app.databases.core.of(caller).await?;
    sqlx::query_as!(
        Row,
        r#"select profile.email, profile.name, profile.workspace_id, profile.created_at,
                  profile.version, profile.erased_at is not null as "is_erased!",
                  member.role as "role?", member.is_suspended as "is_suspended?",
                  member.version as "member_version?"
             from user_profile as profile
             left join member_list as member
               on member.user_id = profile.user_id and member.workspace_id = $2
            where profile.user_id = $1
              and (profile.user_id = $3 or member.user_id is not null
                   or profile.erased_at is not null and exists (
                       select from audit_trail as act
                        where act.actor_id = profile.user_id and act.workspace_id = $2))"#,
        user.uuid(),
        caller.workspace.uuid(),
        caller.user.uuid(),
    )
    .fetch_optional(&mut *read)
    .await
    .map_err(database::problem)?
    .ok_or_else(Problem::not_found)
}

fn answer(user: UserId, row: Row, known: &IfNoneMatch) -> Result<Response, Problem> {
    let body = UserBody {
        id: user,
        email: row.email,
        name: row.name,
        workspace_id: WorkspaceId::new(row.workspace_id),
        role: row.role,
        state: MemberState::of(row.is_erased, row.is_suspended.unwrap_or(false)),
        created_at: Timestamp::new(row.created_at),
    };
    let versioned = Versioned::at(row.version, &body)?;
    let versioned = match row.member_version {
        Some(version) => versioned.beside(&version),
        None => versioned,
    };
    Ok(versioned.cached(CACHED).unless_known(known))
}

#[cfg(test)]
mod tests;
