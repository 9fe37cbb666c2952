//! Which clicks the workspace does not count.

mod body;

use axum::extract::State;
use events::ExclusionId;
use service::body::Json;
use service::caller::Caller;
use service::headers::MinPosition;
use service::page::{Page, Paging};
use service::problem::Problem;

use self::body::{ExclusionBody, Row};
use crate::app::App;
use crate::database;
use crate::http::ReadProblems;
use crate::progress::Projection;

/// The workspace's exclusions of clicks, newest first
///
/// Those that were removed are not among them.
#[utoipa::path(
    get, path = "/v1/links/exclusions", operation_id = "list_exclusions", tag = "clicks",
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "50 unless said"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("Min-Position" = Option<String>, Header, example = "CLICKS:1"),
    ),
    responses((status = 200, body = Page<ExclusionBody>), ReadProblems),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    min_position: MinPosition,
    paging: Paging<ExclusionId>,
) -> Result<Json<Page<ExclusionBody>>, Problem> {
    app.progress
        .reach(&min_position, &[Projection::ClickCount])
        .await?;
    let mut read = app.databases.links.of(&caller).await?;
    let rows = sqlx::query_as!(
        Row,
        "select exclusion_id, link_id, from_at, to_at, network, browser, os, device, is_bot, reason,
                created_at, clicks
           from click_exclusion
          where workspace_id = $1 and ($2::uuid is null or exclusion_id < $2)
          order by exclusion_id desc limit $3",
        caller.workspace.uuid(),
        paging.cursor.map(ExclusionId::uuid),
        i64::from(paging.limit) + 1,
    )
    .fetch_all(&mut *read)
    .await
    .map_err(database::problem)?;
    let page = Page::cut(rows, paging.limit, |row| ExclusionId::new(row.exclusion_id));
    Ok(Json(page.map(ExclusionBody::from)))
}
