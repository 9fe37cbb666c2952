//! `POST /v1/links/{id}/clicks`

use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use events::LinkId;
use service::body::{JsonText, Path};
use service::caller::Caller;
use service::headers::{IDEMPOTENCY_REPLAYED, IdempotencyKey, PositionHeader};
use service::limits::{Limit, Limiter, limit};
use service::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::ReportBody;
use super::report::{self, Counted, Reported};
use crate::app::App;
use crate::openapi::{CallerProblems, LimitProblems, ResourceProblems, WriteProblems};
use crate::origin::Origin;

/// The most bytes of a report: a thousand clicks of 2 KiB.
const BODY_BYTES_MAX: usize = 2 << 20;

/// The route, limited by `limiter`: each click is kept and counted.
pub(in crate::links) fn routes(limiter: &Limiter) -> OpenApiRouter<App> {
    let limits = limiter.of_callers(Limit::ReportWorkspace);
    OpenApiRouter::new()
        .routes(routes!(report))
        .route_layer(from_fn_with_state(limits, limit))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// Counts clicks that another server has answered
///
/// One click, or up to 1,000 as `clicks`; what is answered 202 is stored.
/// With an `Idempotency-Key` a retry counts nothing twice; without one, a report that failed with 503 may be stored all the same, or in part.
/// They count for a link in any state, and not towards its `max_clicks`.
#[utoipa::path(
    post, path = "/v1/links/{id}/clicks", operation_id = "report_clicks", tag = "links",
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe: 1 to 255 visible characters, kept 24 h")),
    request_body = ReportBody<'_>,
    responses(
        (status = 202, body = Counted, headers(
            ("Position" = Option<String>, description = "Missing while the clicks wait for the broker"),
            ("Idempotency-Replayed" = Option<String>, description = "`true` on the first answer, given again"),
        )),
        WriteProblems, CallerProblems, ResourceProblems, LimitProblems,
    ),
)]
async fn report(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<LinkId>,
    key: Option<IdempotencyKey>,
    body: JsonText,
) -> Result<Response, Problem> {
    let read = || -> Result<_, Problem> {
        let body: ReportBody<'_> = body.read()?;
        let route = format!("POST /v1/links/{id}/clicks");
        let origin = Origin::by(&app, &caller, key.as_ref(), &route, &body)?;
        let origin = origin.hiding(&app.keyring, || body.hidden())?;
        let seen = report::parse(&app, caller.workspace, &origin, body);
        Ok((origin, seen))
    };
    let (origin, seen) = app.report_turns.run(read).await?;
    let reported = report::report(&app, caller.workspace, &origin, id, seen).await?;
    Ok(answer(reported))
}

fn answer(reported: Reported) -> Response {
    let mut headers = HeaderMap::new();
    let json = HeaderValue::from_static("application/json");
    headers.insert(CONTENT_TYPE, json);
    if reported.is_replayed {
        let replayed = HeaderValue::from_static("true");
        headers.insert(IDEMPOTENCY_REPLAYED.clone(), replayed);
    }
    let position = reported.position.map(PositionHeader);
    let body = (headers, position, reported.answer.body);
    (reported.answer.status, body).into_response()
}
