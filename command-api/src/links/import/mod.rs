//! Bringing links along from a file: streamed in, made in atomic steps, and reported line by line.

mod format;
mod lines;
mod record;
mod report;
mod room;
mod run;
mod steps;
mod tidy;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Deserialize;
use service::body::Query;
use service::caller::Caller;
use service::problem::{Problem, ProblemBody};
use utoipa::ToSchema;

pub(crate) use self::room::Room;

use self::lines::Lines;
use self::run::Run;
use crate::app::App;
use crate::openapi::{CallerProblems, WriteProblems};

/// Where the file comes from, and whether it is only tried.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Who wrote the file; `millrace` if it isn't said.
    #[param(inline)]
    from: Option<From>,
    /// The domain that the links are made on; if it isn't said, the one that Millrace's own files say of a link, if the workspace has it, and else the default.
    domain: Option<String>,
    /// Whether nothing is made, and all is told as if it were.
    dry_run: Option<bool>,
}

/// Who wrote a file.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum From {
    #[default]
    Millrace,
    Dub,
    Shlink,
    Kutt,
    Yourls,
    Bitly,
}

/// Makes the links of a file
///
/// The file is read as it is sent, 64 MiB and 100,000 lines at most, and so is the report: a JSON object for each line of the file, whose `status` is `made`, `there_already`, `slug_taken` or `refused`; `progress` now and then; and at the end `done`, or `failed` if the rest was not tried.
/// What is told as made is made. Sending a file again makes nothing twice whose slug it names; a link that names none is made anew, and no `Idempotency-Key` is looked at.
#[utoipa::path(
    post, path = "/v1/links/import", operation_id = "import_links", tag = "links",
    params(Asked),
    request_body(content((String = "text/csv"), (String = "application/x-ndjson"))),
    responses(
        (status = 200, description = "The report", body = String, content_type = "application/x-ndjson"),
        (status = 409, description = "`import_running`: the workspace imports another file", body = ProblemBody, content_type = "application/problem+json"),
        WriteProblems, CallerProblems,
    ),
)]
pub(super) async fn import(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let seat = app.imports.enter(caller.workspace)?;
    let from = asked.from.unwrap_or_default();
    // A file whose columns are others is refused before anything is answered.
    let lines = Lines::open(body, &headers, from, seat).await?;
    let is_dry = asked.dry_run.unwrap_or_default();
    let run = Run::new(app, &caller, lines, asked.domain, is_dry).await?;
    let report = stream::unfold(Some(run), async |run| run?.go_on().await);
    let headers = [
        (CONTENT_TYPE, "application/x-ndjson"),
        (CACHE_CONTROL, "private, no-store"),
    ];
    Ok((headers, Body::from_stream(report)).into_response())
}
