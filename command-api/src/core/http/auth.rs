//! Logging in and out, refreshing, and ending sessions.

use axum::extract::State;
use axum::http::HeaderMap;
use events::SessionId;
use service::body::{Json, Path};
use service::caller::Caller;
use service::headers::IfMatch;
use service::problem::{Problem, ProblemBody};

use crate::accepted::Accepted;
use crate::app::App;
use crate::core::end_session;
use crate::core::login::{self, LoggedInBody, LoginBody};
use crate::core::refresh::{self, RefreshBody};
use crate::openapi::{
    CallerProblems, LimitProblems, ResourceProblems, VersionProblems, WriteProblems,
};

/// Logs in with an address and a password
///
/// Opens a session: its refresh token is good for one use and 30 days, and gives the next one.
#[utoipa::path(
    post, path = "/v1/core/auth/login", tag = "sessions",
    request_body = LoginBody,
    responses(
        (status = 200, body = LoggedInBody),
        (status = 401, description = "`invalid_credentials`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`not_a_member` or `suspended`, in the workspace that is asked for", body = ProblemBody, content_type = "application/problem+json"),
        WriteProblems, LimitProblems,
    ),
)]
pub(super) async fn login(
    State(app): State<App>,
    headers: HeaderMap,
    Json(body): Json<LoginBody>,
) -> Result<Json<LoggedInBody>, Problem> {
    login::login(&app, &headers, body).await.map(Json)
}

/// Spends a refresh token for new tokens
///
/// With `workspace_id` the new access token speaks for that workspace.
/// A token that is spent already closes the whole session, unless it was spent within the last 10 s: then it is
/// answered with the same child again, so that two tabs don't log each other out.
#[utoipa::path(
    post, path = "/v1/core/auth/refresh", tag = "sessions",
    request_body = RefreshBody,
    responses(
        (status = 200, body = LoggedInBody),
        (status = 401, description = "`invalid_refresh_token` or `refresh_token_reused`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`not_a_member` or `suspended`, in the workspace that is asked for; the token is not spent", body = ProblemBody, content_type = "application/problem+json"),
        WriteProblems, LimitProblems,
    ),
)]
pub(super) async fn refresh(
    State(app): State<App>,
    Json(body): Json<RefreshBody>,
) -> Result<Json<LoggedInBody>, Problem> {
    refresh::refresh(&app, body).await.map(Json)
}

/// Ends the session of the access token
///
/// Its tokens are refused within a second, everywhere.
#[utoipa::path(
    post, path = "/v1/core/auth/logout", tag = "sessions",
    responses((status = 204, headers(("ETag" = String), ("Position" = String))), CallerProblems),
)]
pub(super) async fn logout(State(app): State<App>, caller: Caller) -> Result<Accepted, Problem> {
    end_session::logout(&app, &caller).await
}

/// Ends one of the caller's sessions, from afar
#[utoipa::path(
    delete, path = "/v1/core/sessions/{id}", tag = "sessions",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version that is meant, as `ETag` had it")),
    responses((status = 204, headers(("ETag" = String), ("Position" = String))), CallerProblems, ResourceProblems, VersionProblems),
)]
pub(super) async fn end_session(
    State(app): State<App>,
    caller: Caller,
    Path(session): Path<SessionId>,
    if_match: IfMatch,
) -> Result<Accepted, Problem> {
    end_session::end(&app, &caller, session, &if_match).await
}
