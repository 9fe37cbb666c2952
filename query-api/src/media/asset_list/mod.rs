//! The assets of a workspace.

use axum::extract::State;
use axum::response::Response;
use events::{AssetId, Timestamp};
use serde::Serialize;
use service::body::{Json, Path};
use service::caller::Caller;
use service::headers::{IfNoneMatch, MinPosition};
use service::page::{Page, Paging};
use service::problem::Problem;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::database;
use crate::http::{ReadProblems, Versioned};
use crate::progress::Projection;

struct Row {
    asset_id: Uuid,
    filename: String,
    content_type: String,
    size_bytes: i64,
    sha256: Option<String>,
    visibility: String,
    state: String,
    created_at: OffsetDateTime,
    stored_at: Option<OffsetDateTime>,
    version: i64,
}

/// A media asset.
#[derive(Serialize, ToSchema)]
#[schema(as = Asset)]
pub(crate) struct AssetBody {
    #[schema(value_type = Uuid)]
    id: AssetId,
    filename: String,
    content_type: String,
    /// In bytes.
    size: i64,
    /// 64 lower-case hexadecimal digits.
    sha256: Option<String>,
    /// `public` or `private`.
    visibility: String,
    /// `pending` until the upload has been looked at, then `stored`.
    state: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    stored_at: Option<Timestamp>,
}

impl From<Row> for AssetBody {
    fn from(row: Row) -> Self {
        Self {
            id: AssetId::new(row.asset_id),
            filename: row.filename,
            content_type: row.content_type,
            size: row.size_bytes,
            sha256: row.sha256,
            visibility: row.visibility,
            state: row.state,
            created_at: Timestamp::new(row.created_at),
            stored_at: row.stored_at.map(Timestamp::new),
        }
    }
}

/// The workspace's assets, newest first
#[utoipa::path(
    get, path = "/v1/media/assets", operation_id = "list_assets", tag = "assets",
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "50 unless said"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("Min-Position" = Option<String>, Header, example = "MEDIA:1"),
    ),
    responses((status = 200, body = Page<AssetBody>), ReadProblems),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    min_position: MinPosition,
    paging: Paging<AssetId>,
) -> Result<Json<Page<AssetBody>>, Problem> {
    app.progress
        .reach(&min_position, &[Projection::AssetList])
        .await?;
    let mut read = app.databases.media.of(&caller).await?;
    let rows = sqlx::query_as!(
        Row,
        "select asset_id, filename, content_type, size_bytes, sha256, visibility, state,
                created_at, stored_at, version
           from asset_list
          where workspace_id = $1 and ($2::uuid is null or asset_id < $2)
          order by asset_id desc limit $3",
        caller.workspace.uuid(),
        paging.cursor.map(AssetId::uuid),
        i64::from(paging.limit) + 1,
    )
    .fetch_all(&mut *read)
    .await
    .map_err(database::problem)?;
    let page = Page::cut(rows, paging.limit, |row| AssetId::new(row.asset_id));
    Ok(Json(page.map(AssetBody::from)))
}

/// One asset
#[utoipa::path(
    get, path = "/v1/media/assets/{id}", operation_id = "get_asset", tag = "assets",
    params(
        ("id" = Uuid, Path),
        ("Min-Position" = Option<String>, Header, example = "MEDIA:1"),
    ),
    responses((status = 200, body = AssetBody), (status = 304), ReadProblems),
)]
pub(crate) async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(asset): Path<AssetId>,
    min_position: MinPosition,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    app.progress
        .reach(&min_position, &[Projection::AssetList])
        .await?;
    let mut read = app.databases.media.of(&caller).await?;
    let row = sqlx::query_as!(
        Row,
        "select asset_id, filename, content_type, size_bytes, sha256, visibility, state,
                created_at, stored_at, version
           from asset_list where asset_id = $1 and workspace_id = $2",
        asset.uuid(),
        caller.workspace.uuid(),
    )
    .fetch_optional(&mut *read)
    .await
    .map_err(database::problem)?
    .ok_or_else(Problem::not_found)?;
    let version = row.version;
    Ok(Versioned::at(version, &AssetBody::from(row))?.unless_known(&known))
}

#[cfg(test)]
mod tests;
