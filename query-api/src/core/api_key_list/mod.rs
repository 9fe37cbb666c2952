//! The API keys of a workspace.

mod body;
#[cfg(test)]
mod tests;

use axum::extract::State;
use axum::response::Response;
use events::ApiKeyId;
use service::body::{Json, Path};
use service::caller::Caller;
use service::headers::{IfNoneMatch, MinPosition};
use service::page::{Page, Paging};
use service::problem::Problem;
use service::world;

use self::body::{ApiKeyBody, Row};
use crate::app::App;
use crate::database;
use crate::http::{ReadProblems, Versioned};
use crate::progress::Projection;

/// The workspace's API keys, newest first
///
/// Those that are no longer good are listed too.
#[utoipa::path(
    get, path = "/v1/core/api-keys", operation_id = "list_api_keys", tag = "api keys",
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "50 unless said"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("Min-Position" = Option<String>, Header, example = "CORE:1"),
    ),
    responses((status = 200, body = Page<ApiKeyBody>), ReadProblems),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    min_position: MinPosition,
    paging: Paging<ApiKeyId>,
) -> Result<Json<Page<ApiKeyBody>>, Problem> {
    app.progress
        .reach(&min_position, &[Projection::ApiKeyList])
        .await?;
    let mut read = app.databases.core.of(&caller).await?;
    let rows = sqlx::query_as!(
        Row,
        "select key_id, user_id, name, scopes, created_at, expires_at, last_used_at, revoked_at, version
           from api_key_list
          where workspace_id = $1 and ($2::uuid is null or key_id < $2)
          order by key_id desc limit $3",
        caller.workspace.uuid(),
        paging.cursor.map(ApiKeyId::uuid),
        i64::from(paging.limit) + 1,
    )
    .fetch_all(&mut *read)
    .await
    .map_err(database::problem)?;
    let page = Page::cut(rows, paging.limit, |row| ApiKeyId::new(row.key_id));
    let now = world::now();
    Ok(Json(page.map(|row| ApiKeyBody::new(row, now))))
}

/// One API key
#[utoipa::path(
    get, path = "/v1/core/api-keys/{id}", operation_id = "get_api_key", tag = "api keys",
    params(
        ("id" = Uuid, Path),
        ("Min-Position" = Option<String>, Header, example = "CORE:1"),
    ),
    responses((status = 200, body = ApiKeyBody), (status = 304), ReadProblems),
)]
pub(crate) async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<ApiKeyId>,
    min_position: MinPosition,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    app.progress
        .reach(&min_position, &[Projection::ApiKeyList])
        .await?;
    let mut read = app.databases.core.of(&caller).await?;
    let row = sqlx::query_as!(
        Row,
        "select key_id, user_id, name, scopes, created_at, expires_at, last_used_at, revoked_at, version
           from api_key_list where key_id = $1 and workspace_id = $2",
        key.uuid(),
        caller.workspace.uuid(),
    )
    .fetch_optional(&mut *read)
    .await
    .map_err(database::problem)?
    .ok_or_else(Problem::not_found)?;
    let version = row.version;
    let body = ApiKeyBody::new(row, world::now());
    // It expires without an event.
    let versioned = Versioned::at(version, &body)?.beside(&body.state.as_str());
    Ok(versioned.unless_known(&known))
}
