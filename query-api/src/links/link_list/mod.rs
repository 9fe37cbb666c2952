//! The links of a workspace.

mod body;
pub(crate) mod export;
mod filter;
pub(crate) mod qr;

use axum::extract;
use axum::response::Response;
use events::{LinkId, WorkspaceId};
use serde_json::value::RawValue;
use service::body::{self as sent, Path, Query};
use service::caller::Caller;
use service::headers::{IfNoneMatch, MinPosition};
use service::page::{Page, Paging};
use service::problem::Problem;
use service::world;
use sqlx::PgConnection;
use sqlx::types::Json;

use self::body::{LinkBody, Row};
use self::filter::{Filter, State};
use crate::app::App;
use crate::database;
use crate::http::{ReadProblems, Versioned};
use crate::progress::Projection;

/// The workspace's links, newest first
#[utoipa::path(
    get, path = "/v1/links", operation_id = "list_links", tag = "links",
    params(
        Filter,
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "50 unless said"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("Min-Position" = Option<String>, Header, example = "LINKS:1"),
    ),
    responses((status = 200, body = Page<LinkBody>), ReadProblems),
)]
pub(crate) async fn list(
    extract::State(app): extract::State<App>,
    caller: Caller,
    min_position: MinPosition,
    Query(filter): Query<Filter>,
    paging: Paging<LinkId>,
) -> Result<sent::Json<Page<LinkBody>>, Problem> {
    filter.check()?;
    app.progress
        .reach(&min_position, &[Projection::LinkList])
        .await?;
    let mut read = app.databases.links.of(&caller).await?;
    let page = page(&mut read, caller.workspace, &filter, &paging)
        .await
        .map_err(database::problem)?;
    Ok(sent::Json(
        page.map(|row| LinkBody::new(row, &app.public_url)),
    ))
}

async fn page(
    read: &mut PgConnection,
    workspace: WorkspaceId,
    filter: &Filter,
    paging: &Paging<LinkId>,
) -> sqlx::Result<Page<Row>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select link_id, slug, former_slugs, domain, target, status, forward_query,
                utm as "utm: Json<Box<RawValue>>", rules as "rules: Json<Box<RawValue>>",
                expires_at, expired_target, max_clicks, has_password, title, tags, notes,
                is_archived, created_at, version, $6::timestamptz as "asked_at!"
           from link_list
          where workspace_id = $1
            and ($2::uuid is null or link_id < $2)
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
          order by link_id desc limit $5"#,
        workspace.uuid(),
        paging.cursor.map(LinkId::uuid),
        filter.tag.as_deref(),
        filter.search.as_deref(),
        i64::from(paging.limit) + 1,
        world::now().odt(),
        filter.state.map(State::as_str),
    )
    .fetch_all(read)
    .await?;
    Ok(Page::cut(rows, paging.limit, |row| {
        LinkId::new(row.link_id)
    }))
}

/// One link
#[utoipa::path(
    get, path = "/v1/links/{id}", operation_id = "get_link", tag = "links",
    params(
        ("id" = Uuid, Path),
        ("Min-Position" = Option<String>, Header, example = "LINKS:1"),
    ),
    responses((status = 200, body = LinkBody), (status = 304), ReadProblems),
)]
pub(crate) async fn one(
    extract::State(app): extract::State<App>,
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
        r#"select link_id, slug, former_slugs, domain, target, status, forward_query,
                utm as "utm: Json<Box<RawValue>>", rules as "rules: Json<Box<RawValue>>",
                expires_at, expired_target, max_clicks, has_password, title, tags, notes,
                is_archived, created_at, version, $3::timestamptz as "asked_at!"
           from link_list where link_id = $1 and workspace_id = $2"#,
        link.uuid(),
        caller.workspace.uuid(),
        world::now().odt(),
    )
    .fetch_optional(&mut *read)
    .await
    .map_err(database::problem)?
    .ok_or_else(Problem::not_found)?;
    let version = row.version;
    let body = LinkBody::new(row, &app.public_url);
    let mut versioned = Versioned::at(version, &body)?;
    if body.state == LinkBody::EXPIRED {
        // It has expired without an event.
        versioned = versioned.beside(&body.state);
    }
    Ok(versioned.unless_known(&known))
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
