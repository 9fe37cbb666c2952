//! The links context over HTTP; the redirect itself is in `redirect`.

use axum::extract::State;
use service::body::Json;
use service::caller::Caller;
use service::headers::IdempotencyKey;
use service::problem::{Problem, ProblemBody};
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::redirect::RedirectDocument;
use super::shorten::{self, LinkBody, ShortenBody};
use crate::accepted::Accepted;
use crate::app::App;
use crate::openapi::{CallerProblems, WriteProblems};
use crate::origin::{Origin, Wisher};
use crate::problem::internal;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(RedirectDocument::openapi()).routes(routes!(shorten))
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
    ),
)]
async fn shorten(
    State(app): State<App>,
    caller: Caller,
    key: Option<IdempotencyKey>,
    Json(body): Json<ShortenBody>,
) -> Result<Accepted, Problem> {
    let origin = Origin::new(
        Wisher::Caller(&caller),
        key.as_ref(),
        &app.keyring,
        "POST /v1/links",
        &body,
    );
    shorten::shorten(&app, caller.workspace, &origin.map_err(internal)?, body).await
}
