//! How often links were opened, over time.

pub(crate) mod count;
mod interval;
mod period;

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use events::{LinkId, WorkspaceId};
use serde::Serialize;
use service::body::{Path, Query};
use service::caller::Caller;
use service::headers::{IfNoneMatch, MinPosition};
use service::problem::Problem;
use service::world;
use sqlx::PgConnection;
use time::OffsetDateTime;
use utoipa::ToSchema;

use self::period::{Asked, Period};
use super::link_list;
use crate::app::App;
use crate::database;
use crate::http::{ReadProblems, Versioned};
use crate::progress::Projection;

/// What a view of clicks depends on: the clicks, and the links they belong to.
const DEPENDS_ON: [Projection; 2] = [Projection::LinkList, Projection::ClickRollup];

/// How often links were opened.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Stats {
    /// All clicks of the period.
    total: i64,
    /// Every interval of the period, those without clicks too.
    /// The first and the last may be cut by the period's ends.
    series: Vec<Point>,
}

/// The clicks of one interval.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StatsPoint)]
struct Point {
    /// When the interval starts, in the asked zone.
    #[schema(format = DateTime, example = "2026-03-29T00:00:00+01:00")]
    start: String,
    clicks: i64,
}

/// The clicks on one link
#[utoipa::path(
    get, path = "/v1/links/{id}/stats", operation_id = "link_stats", tag = "stats",
    params(
        ("id" = Uuid, Path),
        Asked,
        ("Min-Position" = Option<String>, Header, example = "CLICKS:1"),
    ),
    responses((status = 200, body = Stats), (status = 304), ReadProblems),
)]
pub(crate) async fn of_link(
    State(app): State<App>,
    caller: Caller,
    Path(link): Path<LinkId>,
    Query(asked): Query<Asked>,
    min_position: MinPosition,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let period = asked.parse(world::now().odt())?;
    app.progress.reach(&min_position, &DEPENDS_ON).await?;
    let mut read = app.databases.links.of(&caller).await?;
    link_list::must_exist(&mut read, caller.workspace, link).await?;
    let stats = stats(&mut read, caller.workspace, Some(link), &period).await?;
    Ok(Versioned::by_content(&stats)?.unless_known(&known))
}

/// The clicks on all links of the workspace
#[utoipa::path(
    get, path = "/v1/links/stats", operation_id = "workspace_stats", tag = "stats",
    params(Asked, ("Min-Position" = Option<String>, Header, example = "CLICKS:1")),
    responses((status = 200, body = Stats), (status = 304), ReadProblems),
)]
pub(crate) async fn of_workspace(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<Asked>,
    min_position: MinPosition,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let period = asked.parse(world::now().odt())?;
    app.progress.reach(&min_position, &DEPENDS_ON).await?;
    let mut read = app.databases.links.of(&caller).await?;
    let stats = stats(&mut read, caller.workspace, None, &period).await?;
    Ok(Versioned::by_content(&stats)?.unless_known(&known))
}

async fn stats(
    read: &mut PgConnection,
    workspace: WorkspaceId,
    link: Option<LinkId>,
    period: &Period,
) -> Result<Stats, Problem> {
    let starts = count::starts(read, period).await?;
    let clicks = match link {
        Some(link) => count::of_link(read, workspace, link, period).await,
        None => count::of_workspace(read, workspace, period).await,
    };
    let clicks = clicks.map_err(database::problem)?;
    let clicks: HashMap<_, _> = clicks.into_iter().map(|it| (it.start, it.clicks)).collect();
    let point = |(start, text): (OffsetDateTime, String)| Point {
        start: text,
        clicks: clicks.get(&start).copied().unwrap_or(0),
    };
    Ok(Stats {
        total: clicks.values().sum(),
        series: starts.into_iter().map(point).collect(),
    })
}

#[cfg(test)]
mod tests;
