//! The media context over HTTP.

use axum::extract::State;
use events::AssetId;
use service::body::{Json, Path};
use service::caller::Caller;
use service::headers::IdempotencyKey;
use service::problem::{Problem, ProblemBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::announce::{self, AssetBody, PresignBody, PresignedBody};
use super::complete::{self, CompleteBody};
use crate::accepted::Accepted;
use crate::app::App;
use crate::openapi::{CallerProblems, WriteProblems};
use crate::origin::Origin;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(presign))
        .routes(routes!(complete))
}

/// Announces an asset and permits its upload, straight to the storage.
#[utoipa::path(
    post,
    path = "/v1/media/presign",
    tag = "assets",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe: 1 to 255 visible characters, kept 24 h")),
    request_body = PresignBody,
    responses(
        (status = 201, body = PresignedBody, headers(
            ("ETag" = String),
            ("Position" = String),
            ("Idempotency-Replayed" = Option<String>, description = "`true` on the first answer, given again"),
        )),
        WriteProblems,
        CallerProblems,
    ),
)]
async fn presign(
    State(app): State<App>,
    caller: Caller,
    key: Option<IdempotencyKey>,
    Json(body): Json<PresignBody>,
) -> Result<Accepted, Problem> {
    let route = "POST /v1/media/presign";
    let origin = Origin::by(&app, &caller, key.as_ref(), route, &body);
    announce::announce(&app, caller.workspace, &origin?, body).await
}

/// Says that an upload is done; the object must be what was announced.
#[utoipa::path(
    post,
    path = "/v1/media/assets/{id}/complete",
    tag = "assets",
    params(
        ("id" = uuid::Uuid, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe: 1 to 255 visible characters, kept 24 h"),
    ),
    request_body = CompleteBody,
    responses(
        (status = 200, body = AssetBody, headers(
            ("ETag" = String),
            ("Position" = String),
            ("Idempotency-Replayed" = Option<String>, description = "`true` on the first answer, given again"),
        )),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`not_uploaded`, `upload_differs`", body = ProblemBody, content_type = "application/problem+json"),
        WriteProblems,
        CallerProblems,
    ),
)]
async fn complete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<AssetId>,
    key: Option<IdempotencyKey>,
    Json(body): Json<CompleteBody>,
) -> Result<Accepted, Problem> {
    let route = format!("POST /v1/media/assets/{id}/complete");
    let origin = Origin::by(&app, &caller, key.as_ref(), &route, &body);
    complete::complete(&app, caller.workspace, &origin?, id).await
}
