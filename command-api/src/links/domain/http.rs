//! A workspace's own domains over HTTP.

use axum::extract::State;
use axum::middleware::from_fn_with_state;
use events::DomainId;
use service::body::{Json, Path};
use service::caller::Caller;
use service::headers::{IdempotencyKey, IfMatch};
use service::limits::{Limit, Limiter, limit};
use service::problem::{Problem, ProblemBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::add::{self, AddBody};
use super::body::DomainBody;
use super::{default, remove, verify};
use crate::accepted::Accepted;
use crate::app::App;
use crate::openapi::{
    CallerProblems, KeyProblems, LimitProblems, ResourceProblems, VersionProblems, WriteProblems,
};
use crate::origin::Origin;

/// All routes; verifying is limited by `limiter`.
pub(crate) fn routes(limiter: &Limiter) -> OpenApiRouter<App> {
    let limits = limiter.of_callers(Limit::VerificationWorkspace);
    let verifying = OpenApiRouter::new().routes(routes!(verify_domain));
    OpenApiRouter::new()
        .routes(routes!(add_domain))
        .merge(verifying.route_layer(from_fn_with_state(limits, limit)))
        .routes(routes!(make_default, clear_default))
        .routes(routes!(remove_domain))
}

/// Brings a domain of the workspace's own
///
/// Links can be made on it once it is verified; the answer says which record the DNS must have for that.
#[utoipa::path(
    post, path = "/v1/links/domains", tag = "domains",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe: 1 to 255 visible characters, kept 24 h")),
    request_body = AddBody,
    responses(
        (status = 201, body = DomainBody, headers(
            ("ETag" = String),
            ("Position" = String),
            ("Idempotency-Replayed" = Option<String>, description = "`true` on the first answer, given again"),
        )),
        (status = 409, description = "`domain_added`, `too_many_domains` or `too_many_changes`", body = ProblemBody, content_type = "application/problem+json"),
        WriteProblems, CallerProblems,
    ),
)]
async fn add_domain(
    State(app): State<App>,
    caller: Caller,
    key: Option<IdempotencyKey>,
    Json(body): Json<AddBody>,
) -> Result<Accepted, Problem> {
    let origin = Origin::by(&app, &caller, key.as_ref(), "POST /v1/links/domains", &body);
    add::add(&app, caller.workspace, &origin?, body).await
}

/// Verifies a domain
///
/// The DNS is asked for the record. Whoever proves first that a domain is theirs has it, until they remove it.
#[utoipa::path(
    post, path = "/v1/links/domains/{id}/verify", tag = "domains",
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe: 1 to 255 visible characters, kept 24 h")),
    responses(
        (status = 200, body = DomainBody, headers(
            ("ETag" = String),
            ("Position" = String),
            ("Idempotency-Replayed" = Option<String>, description = "`true` on the first answer, given again"),
        )),
        (status = 409, description = "`domain_unproven`: `detail` says what was found; `domain_taken` or `too_many_changes`", body = ProblemBody, content_type = "application/problem+json"),
        KeyProblems, CallerProblems, ResourceProblems, LimitProblems,
    ),
)]
async fn verify_domain(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DomainId>,
    key: Option<IdempotencyKey>,
) -> Result<Accepted, Problem> {
    let route = format!("POST /v1/links/domains/{id}/verify");
    let origin = Origin::by(&app, &caller, key.as_ref(), &route, &());
    verify::verify(&app, caller.workspace, &origin?, id).await
}

/// Makes a domain the default
///
/// Links that name no domain are made on it from then on; those that there are stay where they are.
#[utoipa::path(
    put, path = "/v1/links/domains/{id}/default", tag = "domains",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version that is meant, as `ETag` had it: of all domains of the workspace")),
    responses(
        (status = 200, body = DomainBody, headers(("ETag" = String), ("Position" = String))),
        (status = 409, description = "`domain_unverified` or `too_many_changes`", body = ProblemBody, content_type = "application/problem+json"),
        CallerProblems, ResourceProblems, VersionProblems,
    ),
)]
async fn make_default(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DomainId>,
    if_match: IfMatch,
) -> Result<Accepted, Problem> {
    default::make(&app, &caller, id, &if_match).await
}

/// Clears the default
///
/// Links that name no domain are made on the installation's again. Nothing changes if the domain isn't the default.
#[utoipa::path(
    delete, path = "/v1/links/domains/{id}/default", tag = "domains",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version that is meant, as `ETag` had it: of all domains of the workspace")),
    responses(
        (status = 204, headers(("ETag" = String), ("Position" = String))),
        CallerProblems, ResourceProblems, VersionProblems,
    ),
)]
async fn clear_default(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DomainId>,
    if_match: IfMatch,
) -> Result<Accepted, Problem> {
    default::clear(&app, &caller, id, &if_match).await
}

/// Removes a domain
///
/// Links on it stay and lead nowhere; they lead again when the workspace brings and verifies it again,
/// with the same `case_sensitive`. Others may bring it, and have slugs of their own on it.
#[utoipa::path(
    delete, path = "/v1/links/domains/{id}", tag = "domains",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version that is meant, as `ETag` had it: of all domains of the workspace")),
    responses(
        (status = 204, headers(("ETag" = String), ("Position" = String))),
        CallerProblems, ResourceProblems, VersionProblems,
    ),
)]
async fn remove_domain(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DomainId>,
    if_match: IfMatch,
) -> Result<Accepted, Problem> {
    remove::remove(&app, &caller, id, &if_match).await
}
