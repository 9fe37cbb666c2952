//! Clicks as a file, page by page.

mod encode;
mod parquet;

use axum::extract::State;
use axum::response::Response;
use events::{LinkId, Timestamp};
use serde::Deserialize;
use service::body::{Faults, Path, Query};
use service::caller::Caller;
use service::headers::MinPosition;
use service::problem::Problem;
use utoipa::ToSchema;

use self::encode::Encoder;
use super::super::filter::Filter;
use super::super::scope::{Scope, Which};
use super::super::span::AskedSpan;
use super::{Behind, Marked, Wanted, rows};
use crate::app::App;
use crate::database;
use crate::http::ReadProblems;
use crate::http::file::{self, Kind, Parts};
use crate::links::click_count::open;

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
    const fn kind(self) -> Kind {
        match self {
            Self::Csv => Kind {
                media_type: Kind::CSV,
                disposition: "attachment; filename=\"clicks.csv\"",
            },
            Self::Ndjson => Kind {
                media_type: Kind::NDJSON,
                disposition: "attachment; filename=\"clicks.ndjson\"",
            },
            Self::Parquet => Kind {
                media_type: "application/vnd.apache.parquet",
                disposition: "attachment; filename=\"clicks.parquet\"",
            },
        }
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
        Marked,
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
#[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
pub(crate) async fn of_link(
    State(app): State<App>,
    caller: Caller,
    Path(link): Path<LinkId>,
    Query(format): Query<AskedFormat>,
    Query(span): Query<AskedSpan>,
    Query(filter): Query<Filter>,
    Query(marked): Query<Marked>,
    min_position: MinPosition,
) -> Result<Response, Problem> {
    let scope = Scope::link(caller.workspace, link);
    let wanted = Wanted::parse(Faults::default(), scope, &span, filter, marked)?;
    drop(open(&app, &caller, &min_position, Some(link)).await?);
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
        Which,
        Marked,
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
#[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
pub(crate) async fn of_workspace(
    State(app): State<App>,
    caller: Caller,
    Query(format): Query<AskedFormat>,
    Query(span): Query<AskedSpan>,
    Query(filter): Query<Filter>,
    Query(which): Query<Which>,
    Query(marked): Query<Marked>,
    min_position: MinPosition,
) -> Result<Response, Problem> {
    let all = Scope::workspace(caller.workspace);
    let mut wanted = Wanted::parse(which.faults(), all, &span, filter, marked)?;
    let mut read = open(&app, &caller, &min_position, None).await?;
    wanted.scope = Scope::of(&mut read, caller.workspace, &which).await?;
    drop(read);
    file(app, caller, wanted, format.format.unwrap_or_default()).await
}

async fn file(
    app: App,
    caller: Caller,
    wanted: Wanted,
    format: Format,
) -> Result<Response, Problem> {
    let watched = app.gate.watch(&caller);
    let pages = Pages {
        app,
        caller,
        behind: Behind::time(Timestamp::new(wanted.span.to)),
        wanted,
        encoder: Some(Encoder::of(format)?),
    };
    file::answer(format.kind(), watched, pages).await
}

/// The pages of the file.
struct Pages {
    app: App,
    caller: Caller,
    wanted: Wanted,
    /// The last click that was written.
    behind: Behind,
    /// None when the file is whole.
    encoder: Option<Encoder>,
}

impl Parts for Pages {
    /// The next clicks, written.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        let Some(mut encoder) = self.encoder.take() else {
            return Ok(None);
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
        Ok(Some(bytes))
    }
}
