//! API keys.

use axum::extract::State;
use events::ApiKeyId;
use service::body::{Json, Path};
use service::caller::Caller;
use service::headers::{IdempotencyKey, IfMatch};
use service::problem::Problem;

use crate::accepted::Accepted;
use crate::app::App;
use crate::core::issue_key::{self, IssueBody, IssuedBody};
use crate::openapi::{
    CallerProblems, LimitProblems, ResourceProblems, VersionProblems, WriteProblems,
};
use crate::origin::Origin;

/// Issues an API key for a program
///
/// The key is told in this answer and nowhere else. It may do what its scopes say, and no more than its maker may.
#[utoipa::path(
    post, path = "/v1/core/api-keys", tag = "api keys",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe: 1 to 255 visible characters, kept 24 h")),
    request_body = IssueBody,
    responses((status = 201, body = IssuedBody, headers(("ETag" = String), ("Position" = String), ("Idempotency-Replayed" = Option<String>, description = "`true` on the first answer, given again"))), WriteProblems, CallerProblems, LimitProblems),
)]
pub(super) async fn issue(
    State(app): State<App>,
    caller: Caller,
    key: Option<IdempotencyKey>,
    Json(body): Json<IssueBody>,
) -> Result<Accepted, Problem> {
    let route = "POST /v1/core/api-keys";
    let origin = Origin::by(&app, &caller, key.as_ref(), route, &body);
    issue_key::issue(&app, &caller, &origin?, body).await
}

/// Revokes an API key: it is refused within a second, everywhere
#[utoipa::path(
    delete, path = "/v1/core/api-keys/{id}", tag = "api keys",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version that is meant, as `ETag` had it")),
    responses((status = 204, headers(("ETag" = String), ("Position" = String))), CallerProblems, ResourceProblems, VersionProblems, LimitProblems),
)]
pub(super) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<ApiKeyId>,
    if_match: IfMatch,
) -> Result<Accepted, Problem> {
    issue_key::revoke(&app, &caller, id, &if_match).await
}
