//! The links of a workspace.

mod filter;
pub(crate) mod qr;

use axum::extract::State;
use axum::response::Response;
use events::{LinkId, Timestamp, WorkspaceId};
use serde::Serialize;
use service::body::{Json, Path, Query};
use service::caller::Caller;
use service::headers::{IfNoneMatch, MinPosition};
use service::page::{Page, Paging};
use service::problem::Problem;
use service::short_url::short_url;
use sqlx::PgConnection;
use time::OffsetDateTime;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use self::filter::Filter;
use crate::app::App;
use crate::database;
use crate::http::{ReadProblems, Versioned};
use crate::progress::Projection;

struct Row {
    link_id: Uuid,
    slug: String,
    domain: String,
    target: String,
    status: i16,
    forward_query: bool,
    title: Option<String>,
    tags: Vec<String>,
    created_at: OffsetDateTime,
    version: i64,
}

/// A short link.
#[derive(Serialize, ToSchema)]
#[schema(as = Link)]
pub(crate) struct LinkBody {
    #[schema(value_type = Uuid)]
    id: LinkId,
    slug: String,
    domain: String,
    #[schema(example = "https://go.example.com/spring")]
    short_url: String,
    target: String,
    /// The status of the redirect: 301, 302, 307 or 308.
    status: i16,
    /// Whether the query of the request is added to the target.
    forward_query: bool,
    title: Option<String>,
    tags: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl LinkBody {
    fn new(row: Row, public_url: &Url) -> Self {
        Self {
            id: LinkId::new(row.link_id),
            short_url: short_url(public_url.scheme(), &row.domain, &row.slug),
            slug: row.slug,
            domain: row.domain,
            target: row.target,
            status: row.status,
            forward_query: row.forward_query,
            title: row.title,
            tags: row.tags,
            created_at: Timestamp::new(row.created_at),
        }
    }
}

/// The workspace's links, newest first
#[utoipa::path(
    get, path = "/v1/links", operation_id = "list_links", tag = "links", security(("bearer" = [])),
    params(
        Filter,
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "50 unless said"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("Min-Position" = Option<String>, Header, example = "LINKS:17"),
    ),
    responses((status = 200, body = Page<LinkBody>), ReadProblems),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    min_position: MinPosition,
    Query(filter): Query<Filter>,
    paging: Paging<LinkId>,
) -> Result<Json<Page<LinkBody>>, Problem> {
    filter.check()?;
    app.progress
        .reach(&min_position, &[Projection::LinkList])
        .await?;
    let mut read = app.databases.links.of(&caller).await?;
    let page = page(&mut read, caller.workspace, &filter, &paging)
        .await
        .map_err(database::problem)?;
    Ok(Json(page.map(|row| LinkBody::new(row, &app.public_url))))
}

async fn page(
    read: &mut PgConnection,
    workspace: WorkspaceId,
    filter: &Filter,
    paging: &Paging<LinkId>,
) -> sqlx::Result<Page<Row>> {
    let rows = sqlx::query_as!(
        Row,
        "select link_id, slug, domain, target, status, forward_query, title, tags, created_at, version
           from link_list
          where workspace_id = $1
            and ($2::uuid is null or link_id < $2)
            and ($3::text is null or $3 = any(tags))
            and ($4::text is null
                 or strpos(lower(concat_ws(e'\\n', slug, title, target)), lower($4)) > 0)
          order by link_id desc limit $5",
        workspace.uuid(),
        paging.cursor.map(LinkId::uuid),
        filter.tag.as_deref(),
        filter.search.as_deref(),
        i64::from(paging.limit) + 1,
    )
    .fetch_all(read)
    .await?;
    Ok(Page::cut(rows, paging.limit, |row| {
        LinkId::new(row.link_id)
    }))
}

/// One link
#[utoipa::path(
    get, path = "/v1/links/{id}", operation_id = "get_link", tag = "links", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path),
        ("Min-Position" = Option<String>, Header, example = "LINKS:17"),
    ),
    responses((status = 200, body = LinkBody), (status = 304), ReadProblems),
)]
pub(crate) async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(link): Path<LinkId>,
    min_position: MinPosition,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    app.progress
        .reach(&min_position, &[Projection::LinkList])
        .await?;
    let mut read = app.databases.links.of(&caller).await?;
    let row = sqlx::query_as!(
        Row,
        "select link_id, slug, domain, target, status, forward_query, title, tags, created_at, version
           from link_list where link_id = $1 and workspace_id = $2",
        link.uuid(),
        caller.workspace.uuid(),
    )
    .fetch_optional(&mut *read)
    .await
    .map_err(database::problem)?
    .ok_or_else(Problem::not_found)?;
    let version = row.version;
    Ok(Versioned::at(version, &LinkBody::new(row, &app.public_url))?.unless_known(&known))
}

/// Refuses with a 404 what is no link of the workspace.
pub(crate) async fn must_exist(
    read: &mut PgConnection,
    workspace: WorkspaceId,
    link: LinkId,
) -> Result<(), Problem> {
    sqlx::query_scalar!(
        "select 1 from link_list where link_id = $1 and workspace_id = $2",
        link.uuid(),
        workspace.uuid(),
    )
    .fetch_optional(read)
    .await
    .map_err(database::problem)?
    .map(|_| ())
    .ok_or_else(Problem::not_found)
}

#[cfg(test)]
mod tests;
