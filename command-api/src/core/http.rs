//! The core context over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use service::body::Json;
use service::headers::IdempotencyKey;
use service::problem::{Problem, ProblemBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::login::{self, LoggedInBody, LoginBody};
use super::register::{self, RegisterBody, UserBody};
use crate::accepted::Accepted;
use crate::app::App;
use crate::openapi::WriteProblems;
use crate::origin::{Origin, Wisher};
use crate::problem::internal;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(login))
}

/// Registers a user, who becomes the admin of a workspace of its own.
#[utoipa::path(
    post,
    path = "/v1/core/users",
    tag = "core",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe: 1 to 255 visible characters, kept 24 h")),
    request_body = RegisterBody,
    responses(
        (status = 201, body = UserBody, headers(
            ("ETag" = String),
            ("Position" = String),
            ("Idempotency-Replayed" = Option<String>, description = "`true` on the first answer, given again"),
        )),
        (status = 409, description = "`email_taken`", body = ProblemBody, content_type = "application/problem+json"),
        WriteProblems,
    ),
)]
async fn register(
    State(app): State<App>,
    key: Option<IdempotencyKey>,
    Json(body): Json<RegisterBody>,
) -> Result<Accepted, Problem> {
    let origin = Origin::new(
        Wisher::Stranger(&body.email),
        key.as_ref(),
        &app.keyring,
        "POST /v1/core/users",
        &body,
    );
    register::register(&app, &origin.map_err(internal)?, body).await
}

/// Logs in with an address and a password.
#[utoipa::path(
    post,
    path = "/v1/core/auth/login",
    tag = "core",
    request_body = LoginBody,
    responses(
        (status = 200, body = LoggedInBody),
        (status = 401, description = "`invalid_credentials`", body = ProblemBody, content_type = "application/problem+json"),
        WriteProblems,
    ),
)]
async fn login(
    State(app): State<App>,
    Json(body): Json<LoginBody>,
) -> Result<(StatusCode, Json<LoggedInBody>), Problem> {
    Ok((StatusCode::OK, Json(login::login(&app, body).await?)))
}
