//! All links of a workspace as a file, page by page: it is never held as a whole, nor is a transaction.

mod encode;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::value::RawValue;
use service::body::Query;
use service::caller::Caller;
use service::headers::MinPosition;
use service::problem::Problem;
use service::world;
use sqlx::PgConnection;
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::{LinkBody, Row};
use super::filter::{self, Filter};
use crate::app::App;
use crate::database;
use crate::http::ReadProblems;
use crate::http::file::{self, Kind, Parts};
use crate::progress::Projection;

/// The rows of a page: what a slow reader makes us hold, some 100 KiB as links go.
const PAGE_ROWS: usize = 200;

/// What the file is to be like.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// How the links are written; `csv` if it isn't said.
    #[param(inline)]
    format: Option<Format>,
}

/// How links are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// A line of names, and one for each link (RFC 4180).
    #[default]
    Csv,
    /// A JSON object on each line.
    Ndjson,
}

/// The workspace's links as a file, oldest first
///
/// Streamed; a file that is cut off was broken off by a failure, and is not whole.
#[utoipa::path(
    get, path = "/v1/links/export", operation_id = "export_links", tag = "links",
    params(
        Asked,
        Filter,
        ("Min-Position" = Option<String>, Header, example = "LINKS:1"),
    ),
    responses(
        (status = 200, description = "The links, as `POST /v1/links/import` reads them", content(
            (String = "text/csv"),
            (String = "application/x-ndjson"),
        ), headers(("Content-Disposition" = String))),
        ReadProblems,
    ),
)]
pub(crate) async fn export(
    State(app): State<App>,
    caller: Caller,
    min_position: MinPosition,
    Query(filter): Query<Filter>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    filter.check()?;
    app.progress
        .reach(&min_position, &[Projection::LinkList])
        .await?;
    let format = asked.format.unwrap_or_default();
    let watched = app.gate.watch(&caller);
    let pages = Pages {
        app,
        caller,
        filter,
        format,
        at: At::Beginning,
    };
    file::answer(format.kind(), watched, pages).await
}

impl Format {
    const fn kind(self) -> Kind {
        match self {
            Self::Csv => Kind {
                media_type: Kind::CSV,
                disposition: "attachment; filename=\"links.csv\"",
            },
            Self::Ndjson => Kind {
                media_type: Kind::NDJSON,
                disposition: "attachment; filename=\"links.ndjson\"",
            },
        }
    }
}

/// The pages of the file.
struct Pages {
    app: App,
    caller: Caller,
    filter: Filter,
    format: Format,
    at: At,
}

/// Where the file is.
enum At {
    Beginning,
    /// Behind this link.
    Behind(Uuid),
    End,
}

impl Parts for Pages {
    /// The next links, written.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        let after = match self.at {
            At::Beginning => None,
            At::Behind(link) => Some(link),
            At::End => return Ok(None),
        };
        let mut read = self.app.databases.links.of(&self.caller).await?;
        let rows = rows(&mut read, &self.caller, &self.filter, after)
            .await
            .map_err(database::problem)?;
        drop(read);
        self.at = match rows.last() {
            Some(last) if rows.len() >= PAGE_ROWS => At::Behind(last.link_id),
            Some(_) | None => At::End,
        };
        let links = rows.into_iter();
        let links = links.map(|row| LinkBody::new(row, &self.app.public_url));
        encode::links(self.format, after.is_none(), links).map(Some)
    }
}

async fn rows(
    read: &mut PgConnection,
    caller: &Caller,
    filter: &Filter,
    after: Option<Uuid>,
) -> sqlx::Result<Vec<Row>> {
    let rows = i64::try_from(PAGE_ROWS).unwrap_or(i64::MAX);
    sqlx::query_as!(
        Row,
        r#"select link_id, slug, former_slugs, domain, target, status, forward_query,
                utm as "utm: Json<Box<RawValue>>", rules as "rules: Json<Box<RawValue>>",
                expires_at, expired_target, max_clicks, has_password, title, tags, notes,
                is_archived, created_at, version, $6::timestamptz as "asked_at!"
           from link_list
          where workspace_id = $1
            and ($2::uuid is null or link_id > $2)
            and ($3::text is null or $3 = any(tags))
            and ($4::text is null
                 or strpos(lower(concat_ws(e'\n', slug, array_to_string(former_slugs, e'\n'),
                                           title, notes, target)), lower($4)) > 0)
            and case $7::text
                    when 'all' then true
                    when 'archived' then is_archived
                    when 'expired' then not is_archived and expires_at <= $6
                    when 'open' then not is_archived and (expires_at <= $6) is not true
                    else not is_archived
                end
          order by link_id limit $5"#,
        caller.workspace.uuid(),
        after,
        filter.tag.as_deref(),
        filter.search.as_deref(),
        rows,
        world::now().odt(),
        filter.state.map(filter::State::as_str),
    )
    .fetch_all(read)
    .await
}

#[cfg(test)]
mod tests;
