//! The domains that a workspace has brought.

mod body;
#[cfg(test)]
mod tests;

use axum::extract::State;
use axum::response::Response;
use events::DomainId;
use service::body::{Json, Path};
use service::caller::Caller;
use service::headers::{IfNoneMatch, MinPosition};
use service::page::{Page, Paging};
use service::problem::Problem;

use self::body::{DomainBody, Row};
use crate::app::App;
use crate::database;
use crate::http::{ReadProblems, Versioned};
use crate::progress::Projection;

/// The workspace's own domains, newest first
///
/// The installation's is not among them.
#[utoipa::path(
    get, path = "/v1/links/domains", operation_id = "list_domains", tag = "domains",
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "50 unless said"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("Min-Position" = Option<String>, Header, example = "LINKS:1"),
    ),
    responses((status = 200, body = Page<DomainBody>), ReadProblems),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    min_position: MinPosition,
    paging: Paging<DomainId>,
) -> Result<Json<Page<DomainBody>>, Problem> {
    app.progress
        .reach(&min_position, &[Projection::DomainList])
        .await?;
    let mut read = app.databases.links.of(&caller).await?;
    let rows = sqlx::query_as!(
        Row,
        "select domain_id, domain, is_case_sensitive, record_name, record_value, is_default, created_at,
                verified_at, version
           from domain_list
          where workspace_id = $1 and ($2::uuid is null or domain_id < $2)
          order by domain_id desc limit $3",
        caller.workspace.uuid(),
        paging.cursor.map(DomainId::uuid),
        i64::from(paging.limit) + 1,
    )
    .fetch_all(&mut *read)
    .await
    .map_err(database::problem)?;
    let page = Page::cut(rows, paging.limit, |row| DomainId::new(row.domain_id));
    Ok(Json(page.map(DomainBody::from)))
}

/// One domain
///
/// `ETag` is the version of all domains of the workspace together.
#[utoipa::path(
    get, path = "/v1/links/domains/{id}", operation_id = "get_domain", tag = "domains",
    params(
        ("id" = Uuid, Path),
        ("Min-Position" = Option<String>, Header, example = "LINKS:1"),
    ),
    responses((status = 200, body = DomainBody), (status = 304), ReadProblems),
)]
pub(crate) async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(domain): Path<DomainId>,
    min_position: MinPosition,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    app.progress
        .reach(&min_position, &[Projection::DomainList])
        .await?;
    let mut read = app.databases.links.of(&caller).await?;
    let row = sqlx::query_as!(
        Row,
        "select domain_id, domain, is_case_sensitive, record_name, record_value, is_default, created_at,
                verified_at, version
           from domain_list where domain_id = $1 and workspace_id = $2",
        domain.uuid(),
        caller.workspace.uuid(),
    )
    .fetch_optional(&mut *read)
    .await
    .map_err(database::problem)?
    .ok_or_else(Problem::not_found)?;
    let version = row.version;
    let versioned = Versioned::at(version, &DomainBody::from(row))?;
    Ok(versioned.unless_known(&known))
}
