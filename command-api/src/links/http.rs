//! The links context over HTTP; the redirect itself is in `redirect`.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::ETAG;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use events::LinkId;
use service::body::{Json, Path};
use service::caller::Caller;
use service::headers::{IdempotencyKey, IfMatch};
use service::limits::{Limit, Limiter, limit};
use service::problem::{Problem, ProblemBody};
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::archive;
use super::body::LinkBody;
use super::bulk::{self, BulkBody, Made};
use super::clicks;
use super::domain;
use super::edit::{self, EditBody};
use super::exclusion;
use super::import;
use super::redirect::RedirectDocument;
use super::shorten::{self, ShortenBody};
use crate::accepted::Accepted;
use crate::app::App;
use crate::openapi::{
    CallerProblems, KeyProblems, LimitProblems, ResourceProblems, VersionProblems, WriteProblems,
};
use crate::origin::Origin;

/// All routes; making links, giving them new passwords, reporting clicks, verifying domains and excluding clicks is
/// limited by `limiter`.
pub(crate) fn routes(limiter: &Limiter) -> OpenApiRouter<App> {
    let limits = limiter.of_callers(Limit::CreationWorkspace);
    let in_bulk = OpenApiRouter::new()
        .routes(routes!(make))
        .layer(DefaultBodyLimit::max(bulk::BODY_BYTES_MAX));
    let limited = OpenApiRouter::new()
        .routes(routes!(shorten))
        .routes(routes!(edit))
        .merge(in_bulk);
    OpenApiRouter::with_openapi(RedirectDocument::openapi())
        .merge(limited.route_layer(from_fn_with_state(limits, limit)))
        .routes(routes!(import::import))
        .merge(clicks::routes(limiter))
        .routes(routes!(archive))
        .routes(routes!(restore))
        .merge(domain::http::routes(limiter))
        .merge(exclusion::http::routes(limiter))
}

/// Gives a target a short link.
#[utoipa::path(
    post,
    path = "/v1/links",
    tag = "links",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe: 1 to 255 visible characters, kept 24 h")),
    request_body = ShortenBody,
    responses(
        (status = 201, body = LinkBody, headers(
            ("ETag" = String),
            ("Position" = String),
            ("Idempotency-Replayed" = Option<String>, description = "`true` on the first answer, given again"),
        )),
        (status = 409, description = "`slug_taken`", body = ProblemBody, content_type = "application/problem+json"),
        WriteProblems,
        CallerProblems,
        LimitProblems,
    ),
)]
async fn shorten(
    State(app): State<App>,
    caller: Caller,
    key: Option<IdempotencyKey>,
    Json(body): Json<ShortenBody>,
) -> Result<Accepted, Problem> {
    let origin = Origin::by(&app, &caller, key.as_ref(), "POST /v1/links", &body);
    shorten::shorten(&app, caller.workspace, &origin?, body).await
}

/// Makes up to 500 links in one step
///
/// All of them, or none: if slugs are taken, `errors` names each by its entry.
#[utoipa::path(
    post, path = "/v1/links/bulk", operation_id = "make_links", tag = "links",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe: 1 to 255 visible characters, kept 24 h")),
    request_body = BulkBody,
    responses(
        (status = 201, body = Made, headers(
            ("Position" = String),
            ("Idempotency-Replayed" = Option<String>, description = "`true` on the first answer, given again"),
        )),
        (status = 409, description = "`slug_taken`", body = ProblemBody, content_type = "application/problem+json"),
        WriteProblems, CallerProblems, LimitProblems,
    ),
)]
async fn make(
    State(app): State<App>,
    caller: Caller,
    key: Option<IdempotencyKey>,
    Json(body): Json<BulkBody>,
) -> Result<Response, Problem> {
    let route = "POST /v1/links/bulk";
    let origin = Origin::by(&app, &caller, key.as_ref(), route, &body)?;
    let accepted = bulk::make(&app, caller.workspace, &origin, body).await?;
    let mut response = accepted.into_response();
    // The version of the last link is none of them all.
    response.headers_mut().remove(ETAG);
    Ok(response)
}

/// Changes a link
///
/// What is left out stays, and `null` clears. Every replica leads as it says within a tenth of a second. A new password counts as a new link.
#[utoipa::path(
    patch, path = "/v1/links/{id}", operation_id = "edit_link", tag = "links",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version that is meant, as `ETag` had it")),
    request_body = EditBody,
    responses(
        (status = 200, body = LinkBody, headers(("ETag" = String), ("Position" = String))),
        (status = 409, description = "`slug_taken`, `too_many_slugs`, `too_many_changes` or `contended`", body = ProblemBody, content_type = "application/problem+json"),
        WriteProblems, CallerProblems, ResourceProblems, VersionProblems, LimitProblems,
    ),
)]
async fn edit(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<LinkId>,
    if_match: IfMatch,
    Json(body): Json<EditBody>,
) -> Result<Accepted, Problem> {
    edit::edit(&app, &caller, id, &if_match, body).await
}

/// Archives a link
///
/// It leads nowhere until it is restored, and keeps its slugs.
#[utoipa::path(
    delete, path = "/v1/links/{id}", operation_id = "archive_link", tag = "links",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version that is meant, as `ETag` had it")),
    responses(
        (status = 204, headers(("ETag" = String), ("Position" = String))),
        CallerProblems, ResourceProblems, VersionProblems,
    ),
)]
async fn archive(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<LinkId>,
    if_match: IfMatch,
) -> Result<Accepted, Problem> {
    archive::archive(&app, &caller, id, &if_match).await
}

/// Restores an archived link
#[utoipa::path(
    post, path = "/v1/links/{id}/restore", operation_id = "restore_link", tag = "links",
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe: 1 to 255 visible characters, kept 24 h")),
    responses(
        (status = 200, body = LinkBody, headers(
            ("ETag" = String),
            ("Position" = String),
            ("Idempotency-Replayed" = Option<String>, description = "`true` on the first answer, given again"),
        )),
        (status = 409, description = "`too_many_changes` or `contended`", body = ProblemBody, content_type = "application/problem+json"),
        KeyProblems, CallerProblems, ResourceProblems,
    ),
)]
async fn restore(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<LinkId>,
    key: Option<IdempotencyKey>,
) -> Result<Accepted, Problem> {
    let route = format!("POST /v1/links/{id}/restore");
    let origin = Origin::by(&app, &caller, key.as_ref(), &route, &());
    archive::restore(&app, &caller, &origin?, id).await
}
