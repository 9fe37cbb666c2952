//! Workspaces and their members.

use axum::extract::State;
use events::{UserId, WorkspaceId};
use service::body::{Json, Path};
use service::caller::Caller;
use service::headers::{IdempotencyKey, IfMatch};
use service::problem::{Problem, ProblemBody};

use crate::accepted::Accepted;
use crate::app::App;
use crate::core::add_member::{self, AddMemberBody, AddedBody};
use crate::core::found_workspace::{self, FoundBody, WorkspaceBody};
use crate::core::members::{self, MemberBody, RoleBody};
use crate::openapi::{
    CallerProblems, LimitProblems, ResourceProblems, VersionProblems, WriteProblems,
};
use crate::origin::Origin;

/// Founds a workspace, whose first admin the caller is
///
/// To work in it, refresh with its id as `workspace_id`.
#[utoipa::path(
    post, path = "/v1/core/workspaces", tag = "workspaces",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe: 1 to 255 visible characters, kept 24 h")),
    request_body = FoundBody,
    responses(
        (status = 201, body = WorkspaceBody, headers(("ETag" = String), ("Position" = String), ("Idempotency-Replayed" = Option<String>, description = "`true` on the first answer, given again"))),
        (status = 409, description = "`too_many_workspaces` or `too_many_changes`", body = ProblemBody, content_type = "application/problem+json"),
        WriteProblems, CallerProblems,
    ),
)]
pub(super) async fn found(
    State(app): State<App>,
    caller: Caller,
    key: Option<IdempotencyKey>,
    Json(body): Json<FoundBody>,
) -> Result<Accepted, Problem> {
    let route = "POST /v1/core/workspaces";
    let origin = Origin::by(&app, &caller, key.as_ref(), route, &body);
    found_workspace::found(&app, &caller, &origin?, body).await
}

/// Takes somebody in by e-mail address
///
/// Who has an account is a member at once. For an address without one the answer holds an `invitation`, good for
/// 7 days, with which the person registers: Millrace sends no mail, so hand it over.
#[utoipa::path(
    post, path = "/v1/core/workspaces/{id}/members", tag = "workspaces",
    params(("id" = Uuid, Path, description = "The workspace of the access token"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe: 1 to 255 visible characters, kept 24 h")),
    request_body = AddMemberBody,
    responses(
        (status = 201, body = AddedBody, headers(("ETag" = String), ("Position" = String), ("Idempotency-Replayed" = Option<String>, description = "`true` on the first answer, given again"))),
        (status = 409, description = "`already_member`, `workspace_full`, `too_many_workspaces` or `too_many_changes`", body = ProblemBody, content_type = "application/problem+json"),
        WriteProblems, CallerProblems, ResourceProblems, LimitProblems,
    ),
)]
pub(super) async fn add_member(
    State(app): State<App>,
    caller: Caller,
    Path(workspace): Path<WorkspaceId>,
    key: Option<IdempotencyKey>,
    Json(body): Json<AddMemberBody>,
) -> Result<Accepted, Problem> {
    members::must_be_here(&caller, workspace)?;
    let route = format!("POST /v1/core/workspaces/{workspace}/members");
    let origin = Origin::by(&app, &caller, key.as_ref(), &route, &body);
    add_member::add_member(&app, &caller, &origin?, &body).await
}

/// Gives a member another role
///
/// What the member holds for this workspace is refused within a second: refreshing gives a token of the new role.
#[utoipa::path(
    patch, path = "/v1/core/workspaces/{id}/members/{user_id}", tag = "workspaces",
    params(("id" = Uuid, Path, description = "The workspace of the access token"), ("user_id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version that is meant, as `ETag` had it: of all members of the workspace")),
    request_body = RoleBody,
    responses(
        (status = 200, body = MemberBody, headers(("ETag" = String), ("Position" = String))),
        (status = 409, description = "`last_admin`, `owner_stays` or `too_many_changes`", body = ProblemBody, content_type = "application/problem+json"),
        WriteProblems, CallerProblems, ResourceProblems, VersionProblems, LimitProblems,
    ),
)]
pub(super) async fn change_role(
    State(app): State<App>,
    caller: Caller,
    Path((workspace, user)): Path<(WorkspaceId, UserId)>,
    if_match: IfMatch,
    Json(body): Json<RoleBody>,
) -> Result<Accepted, Problem> {
    members::must_be_here(&caller, workspace)?;
    members::change_role(&app, &caller, user, &if_match, &body).await
}

/// Removes a member; oneself, to leave
#[utoipa::path(
    delete, path = "/v1/core/workspaces/{id}/members/{user_id}", tag = "workspaces",
    params(("id" = Uuid, Path, description = "The workspace of the access token"), ("user_id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version that is meant, as `ETag` had it: of all members of the workspace")),
    responses(
        (status = 204, headers(("ETag" = String), ("Position" = String))),
        (status = 409, description = "`last_admin` or `owner_stays`", body = ProblemBody, content_type = "application/problem+json"),
        CallerProblems, ResourceProblems, VersionProblems, LimitProblems,
    ),
)]
pub(super) async fn remove_member(
    State(app): State<App>,
    caller: Caller,
    Path((workspace, user)): Path<(WorkspaceId, UserId)>,
    if_match: IfMatch,
) -> Result<Accepted, Problem> {
    members::must_be_here(&caller, workspace)?;
    members::remove(&app, &caller, user, &if_match).await
}
