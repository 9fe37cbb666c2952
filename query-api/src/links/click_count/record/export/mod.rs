//! Clicks as a file, page by page: it is never held as a whole, nor is a transaction.

mod encode;
mod parquet;

use std::io;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use events::{LinkId, Timestamp};
use futures::{FutureExt, StreamExt, stream};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};
use serde::Deserialize;
use service::body::{Path, Query};
use service::caller::{Caller, Watched};
use service::headers::MinPosition;
use service::problem::Problem;
use utoipa::ToSchema;

use self::encode::Encoder;
use super::super::filter::Filter;
use super::super::span::AskedSpan;
use super::{Behind, Wanted, rows};
use crate::app::App;
use crate::database;
use crate::http::ReadProblems;
use crate::links::click_count::DEPENDS_ON;
use crate::links::link_list;

/// The rows of a page: what a slow reader makes us hold, some 400 KiB as clicks go.
const PAGE_ROWS: usize = 1_000;

/// What the file is to be like.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskedFormat {
    /// How the clicks are written; `csv` if it isn't said.
    #[param(inline)]
    format: Option<Format>,
}

/// How clicks are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, ToSchema)]
#[schema(as = ClickFormat)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// A line of names, and one for each click (RFC 4180).
    #[default]
    Csv,
    /// A JSON object on each line.
    Ndjson,
    /// Apache Parquet, in row groups of some 20,000 clicks.
    Parquet,
}

impl Format {
    fn headers(self) -> [(HeaderName, HeaderValue); 3] {
        let (media_type, disposition) = match self {
            Self::Csv => (
                "text/csv; charset=utf-8; header=present",
                "attachment; filename=\"clicks.csv\"",
            ),
            Self::Ndjson => (
                "application/x-ndjson",
                "attachment; filename=\"clicks.ndjson\"",
            ),
            Self::Parquet => (
                "application/vnd.apache.parquet",
                "attachment; filename=\"clicks.parquet\"",
            ),
        };
        [
            (CONTENT_TYPE, HeaderValue::from_static(media_type)),
            (CONTENT_DISPOSITION, HeaderValue::from_static(disposition)),
            (CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        ]
    }
}

/// The clicks on one link as a file, newest first
///
/// Streamed; a file that is cut off was broken off by a failure, and is not whole.
#[utoipa::path(
    get, path = "/v1/links/{id}/clicks/export", operation_id = "export_link_clicks", tag = "clicks",
    params(
        ("id" = Uuid, Path),
        AskedFormat,
        AskedSpan,
        Filter,
        ("Min-Position" = Option<String>, Header, example = "CLICKS:1"),
    ),
    responses(
        (status = 200, description = "The clicks", content(
            (String = "text/csv"),
            (String = "application/x-ndjson"),
            (Vec<u8> = "application/vnd.apache.parquet"),
        ), headers(("Content-Disposition" = String))),
        ReadProblems,
    ),
)]
pub(crate) async fn of_link(
    State(app): State<App>,
    caller: Caller,
    Path(link): Path<LinkId>,
    Query(format): Query<AskedFormat>,
    Query(span): Query<AskedSpan>,
    Query(filter): Query<Filter>,
    min_position: MinPosition,
) -> Result<Response, Problem> {
    let wanted = Wanted::parse(caller.workspace, Some(link), &span, filter)?;
    app.progress.reach(&min_position, &DEPENDS_ON).await?;
    let mut read = app.databases.links.of(&caller).await?;
    link_list::must_exist(&mut read, caller.workspace, link).await?;
    drop(read);
    file(app, caller, wanted, format.format.unwrap_or_default()).await
}

/// The clicks on all links of the workspace as a file, newest first
///
/// Streamed; a file that is cut off was broken off by a failure, and is not whole.
#[utoipa::path(
    get, path = "/v1/links/clicks/export", operation_id = "export_workspace_clicks", tag = "clicks",
    params(
        AskedFormat,
        AskedSpan,
        Filter,
        ("Min-Position" = Option<String>, Header, example = "CLICKS:1"),
    ),
    responses(
        (status = 200, description = "The clicks", content(
            (String = "text/csv"),
            (String = "application/x-ndjson"),
            (Vec<u8> = "application/vnd.apache.parquet"),
        ), headers(("Content-Disposition" = String))),
        ReadProblems,
    ),
)]
pub(crate) async fn of_workspace(
    State(app): State<App>,
    caller: Caller,
    Query(format): Query<AskedFormat>,
    Query(span): Query<AskedSpan>,
    Query(filter): Query<Filter>,
    min_position: MinPosition,
) -> Result<Response, Problem> {
    let wanted = Wanted::parse(caller.workspace, None, &span, filter)?;
    app.progress.reach(&min_position, &DEPENDS_ON).await?;
    file(app, caller, wanted, format.format.unwrap_or_default()).await
}

async fn file(
    app: App,
    caller: Caller,
    wanted: Wanted,
    format: Format,
) -> Result<Response, Problem> {
    let mut pages = Pages {
        watched: app.gate.watch(&caller),
        app,
        caller,
        behind: Behind::time(Timestamp::new(wanted.span.to)),
        wanted,
        encoder: Some(Encoder::of(format)?),
    };
    // While the first page is asked for, what goes wrong still has a status.
    let first = pages.next().await?;
    let rest = stream::try_unfold(pages, async |mut pages| {
        if pages.encoder.is_none() {
            return Ok(None);
        }
        let page = pages.next().await.map_err(|it| broken_off(&it))?;
        Ok(Some((Bytes::from(page), pages)))
    });
    let first = stream::iter([Ok::<_, io::Error>(Bytes::from(first))]);
    Ok((format.headers(), Body::from_stream(first.chain(rest))).into_response())
}

/// Ends the connection without the end of the body, so that nobody takes the file for whole.
fn broken_off(problem: &Problem) -> io::Error {
    io::Error::other(problem.error())
}

/// Where the file is.
struct Pages {
    app: App,
    caller: Caller,
    watched: Watched,
    wanted: Wanted,
    /// The last click that was written.
    behind: Behind,
    /// None when the file is whole.
    encoder: Option<Encoder>,
}

impl Pages {
    /// The next clicks, written.
    async fn next(&mut self) -> Result<Vec<u8>, Problem> {
        if self.watched.revoked().now_or_never().is_some() {
            return Err(Problem::forbidden("the credential was revoked"));
        }
        let Some(mut encoder) = self.encoder.take() else {
            return Ok(Vec::new());
        };
        let limit = i64::try_from(PAGE_ROWS).unwrap_or(i64::MAX);
        let mut read = self.app.databases.links.of(&self.caller).await?;
        let rows = rows(&mut read, &self.wanted, self.behind, limit)
            .await
            .map_err(database::problem)?;
        drop(read);
        let is_last = rows.len() < PAGE_ROWS;
        self.behind = rows.last().map_or(self.behind, Behind::row);
        let mut bytes = encoder.clicks(rows)?;
        if is_last {
            bytes.extend(encoder.end()?);
        } else {
            self.encoder = Some(encoder);
        }
        Ok(bytes)
    }
}
