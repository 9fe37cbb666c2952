//! Accounts.

use axum::extract::State;
use events::UserId;
use service::body::{Json, Path};
use service::caller::Caller;
use service::headers::{IdempotencyKey, IfMatch};
use service::problem::{Problem, ProblemBody};

use crate::accepted::Accepted;
use crate::app::App;
use crate::core::amend::{self, AmendBody};
use crate::core::body::UserBody;
use crate::core::change_password::{self, ChangePasswordBody};
use crate::core::erase;
use crate::core::members::{self, MemberBody};
use crate::core::register::{self, RegisterBody};
use crate::openapi::{
    CallerProblems, KeyProblems, LimitProblems, ResourceProblems, VersionProblems, WriteProblems,
};
use crate::origin::{Origin, Wisher};
use crate::problem::internal;

/// Registers a user, who becomes the admin of a workspace of its own
///
/// With an `invitation` the user becomes a member of the workspace that invited, too.
#[utoipa::path(
    post, path = "/v1/core/users", tag = "users",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe: 1 to 255 visible characters, kept 24 h")),
    request_body = RegisterBody,
    responses(
        (status = 201, body = UserBody, headers(("ETag" = String), ("Position" = String), ("Idempotency-Replayed" = Option<String>, description = "`true` on the first answer, given again"))),
        (status = 409, description = "`email_taken`; `invitation_used`, `workspace_full` or `too_many_changes` with an invitation", body = ProblemBody, content_type = "application/problem+json"),
        WriteProblems, LimitProblems,
    ),
)]
pub(super) async fn register(
    State(app): State<App>,
    key: Option<IdempotencyKey>,
    Json(body): Json<RegisterBody>,
) -> Result<Accepted, Problem> {
    let wisher = Wisher::Stranger(&body.email);
    let route = "POST /v1/core/users";
    let origin = Origin::new(wisher, key.as_ref(), &app.keyring, route, &body);
    register::register(&app, &origin.map_err(internal)?, body).await
}

/// Changes a name, an address, or both
///
/// One's own account, or, as an admin, one whose own workspace this is.
#[utoipa::path(
    patch, path = "/v1/core/users/{id}", tag = "users",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version that is meant, as `ETag` had it")),
    request_body = AmendBody,
    responses(
        (status = 200, body = UserBody, headers(("ETag" = String), ("Position" = String))),
        (status = 409, description = "`email_taken` or `too_many_changes`", body = ProblemBody, content_type = "application/problem+json"),
        WriteProblems, CallerProblems, ResourceProblems, VersionProblems, LimitProblems,
    ),
)]
pub(super) async fn amend(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<UserId>,
    if_match: IfMatch,
    Json(body): Json<AmendBody>,
) -> Result<Accepted, Problem> {
    amend::amend(&app, &caller, id, &if_match, &body).await
}

/// Changes one's own password, and ends one's other sessions
#[utoipa::path(
    put, path = "/v1/core/users/{id}/password", tag = "users",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version that is meant, as `ETag` had it")),
    request_body = ChangePasswordBody,
    responses(
        (status = 204, headers(("ETag" = String), ("Position" = String))),
        (status = 409, description = "`too_many_changes`", body = ProblemBody, content_type = "application/problem+json"),
        WriteProblems, CallerProblems, ResourceProblems, VersionProblems, LimitProblems,
    ),
)]
pub(super) async fn change_password(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<UserId>,
    if_match: IfMatch,
    Json(body): Json<ChangePasswordBody>,
) -> Result<Accepted, Problem> {
    debug_assert_eq!(id, caller.user, "the table of access lets nobody else in");
    change_password::change_password(&app, &caller, &if_match, body).await
}

/// Erases a person
///
/// The key to what is sealed is destroyed, memberships and sessions end, the address is free again.
/// One's own account, or, as an admin, one whose own workspace this is. There is no way back.
#[utoipa::path(
    delete, path = "/v1/core/users/{id}", tag = "users",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version that is meant, as `ETag` had it")),
    responses(
        (status = 204, headers(("ETag" = String), ("Position" = String))),
        (status = 409, description = "`last_admin`: a workspace with other members would be left without an admin", body = ProblemBody, content_type = "application/problem+json"),
        CallerProblems, ResourceProblems, VersionProblems,
    ),
)]
pub(super) async fn erase(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<UserId>,
    if_match: IfMatch,
) -> Result<Accepted, Problem> {
    erase::erase(&app, &caller, id, &if_match).await
}

/// Suspends a member of the workspace
///
/// What the member holds for this workspace is refused within a second; other workspaces are not touched.
#[utoipa::path(
    post, path = "/v1/core/users/{id}/suspend", tag = "users",
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe: 1 to 255 visible characters, kept 24 h")),
    responses(
        (status = 200, body = MemberBody, headers(("ETag" = String), ("Position" = String), ("Idempotency-Replayed" = Option<String>, description = "`true` on the first answer, given again"))),
        (status = 409, description = "`last_admin`, `owner_stays` or `too_many_changes`", body = ProblemBody, content_type = "application/problem+json"),
        KeyProblems, CallerProblems, ResourceProblems, LimitProblems,
    ),
)]
pub(super) async fn suspend(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<UserId>,
    key: Option<IdempotencyKey>,
) -> Result<Accepted, Problem> {
    let route = format!("POST /v1/core/users/{id}/suspend");
    let origin = Origin::by(&app, &caller, key.as_ref(), &route, &());
    members::suspend(&app, &caller, &origin?, id).await
}

/// Lets a suspended member of the workspace act again
#[utoipa::path(
    post, path = "/v1/core/users/{id}/reinstate", tag = "users",
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe: 1 to 255 visible characters, kept 24 h")),
    responses(
        (status = 200, body = MemberBody, headers(("ETag" = String), ("Position" = String), ("Idempotency-Replayed" = Option<String>, description = "`true` on the first answer, given again"))),
        (status = 409, description = "`too_many_changes`", body = ProblemBody, content_type = "application/problem+json"),
        KeyProblems, CallerProblems, ResourceProblems, LimitProblems,
    ),
)]
pub(super) async fn reinstate(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<UserId>,
    key: Option<IdempotencyKey>,
) -> Result<Accepted, Problem> {
    let route = format!("POST /v1/core/users/{id}/reinstate");
    let origin = Origin::by(&app, &caller, key.as_ref(), &route, &());
    members::reinstate(&app, &caller, &origin?, id).await
}
