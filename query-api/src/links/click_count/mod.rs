//! How often links were opened, over time, and by whom.

mod clock;
pub(crate) mod exclusion;
mod filter;
mod grain;
mod interval;
mod period;
mod raw;
pub(crate) mod record;
mod rollup;
mod scope;
mod series;
mod span;
mod starts;
pub(crate) mod top;
pub(crate) mod totals;
mod zone;

use axum::extract::State;
use axum::response::Response;
use events::LinkId;
use serde::Serialize;
use service::body::{Faults, Path, Query};
use service::caller::Caller;
use service::headers::{IfNoneMatch, MinPosition};
use service::problem::Problem;
use service::world;
use sqlx::{PgConnection, Postgres, Transaction};
use utoipa::ToSchema;

use self::filter::Filter;
use self::period::{AskedCut, Period};
use self::scope::{Scope, Which};
use self::series::{Counted, Series};
use self::span::{AskedSpan, Span};
use super::link_list;
use crate::app::App;
use crate::http::{ReadProblems, Versioned};
use crate::progress::Projection;

/// What a view of clicks depends on: the clicks, and the links they belong to.
const DEPENDS_ON: [Projection; 2] = [Projection::LinkList, Projection::ClickCount];

/// How often links were opened.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Stats {
    /// All clicks of the period.
    total: i64,
    /// Distinct visitors of a day, added up over the days; nearly, where there are thousands.
    unique: i64,
    /// The period of the same length just before, with `compare=previous`.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Totals>,
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
    unique: i64,
}

/// The clicks of a period.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StatsTotals)]
struct Totals {
    total: i64,
    unique: i64,
}

/// The clicks on one link
#[utoipa::path(
    get, path = "/v1/links/{id}/stats", operation_id = "link_stats", tag = "stats",
    params(
        ("id" = Uuid, Path),
        AskedSpan,
        AskedCut,
        Filter,
        ("Min-Position" = Option<String>, Header, example = "CLICKS:1"),
    ),
    responses((status = 200, body = Stats), (status = 304), ReadProblems),
)]
#[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
pub(crate) async fn of_link(
    State(app): State<App>,
    caller: Caller,
    Path(link): Path<LinkId>,
    Query(span): Query<AskedSpan>,
    Query(cut): Query<AskedCut>,
    Query(filter): Query<Filter>,
    min_position: MinPosition,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let mut faults = Faults::default();
    filter.check(&mut faults);
    let period = Period::parse(faults, &span, &cut, world::now().odt())?;
    let mut read = open(&app, &caller, &min_position, Some(link)).await?;
    let scope = Scope::link(caller.workspace, link);
    let stats = stats(&mut read, &scope, &period, &filter).await?;
    Ok(Versioned::by_content(&stats)?.unless_known(&known))
}

/// The clicks on the links of the workspace
#[utoipa::path(
    get, path = "/v1/links/stats", operation_id = "workspace_stats", tag = "stats",
    params(
        AskedSpan,
        AskedCut,
        Filter,
        Which,
        ("Min-Position" = Option<String>, Header, example = "CLICKS:1"),
    ),
    responses((status = 200, body = Stats), (status = 304), ReadProblems),
)]
#[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
pub(crate) async fn of_workspace(
    State(app): State<App>,
    caller: Caller,
    Query(span): Query<AskedSpan>,
    Query(cut): Query<AskedCut>,
    Query(filter): Query<Filter>,
    Query(which): Query<Which>,
    min_position: MinPosition,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let mut faults = which.faults();
    filter.check(&mut faults);
    let period = Period::parse(faults, &span, &cut, world::now().odt())?;
    let mut read = open(&app, &caller, &min_position, None).await?;
    let scope = Scope::of(&mut read, caller.workspace, &which).await?;
    let stats = stats(&mut read, &scope, &period, &filter).await?;
    Ok(Versioned::by_content(&stats)?.unless_known(&known))
}

/// The caller's views, as new as is asked; of a link, if the workspace has it.
async fn open(
    app: &App,
    caller: &Caller,
    min_position: &MinPosition,
    link: Option<LinkId>,
) -> Result<Transaction<'static, Postgres>, Problem> {
    app.progress.reach(min_position, &DEPENDS_ON).await?;
    let mut read = app.databases.links.of(caller).await?;
    if let Some(link) = link {
        link_list::must_exist(&mut read, caller.workspace, link).await?;
    }
    Ok(read)
}

async fn stats(
    read: &mut PgConnection,
    scope: &Scope,
    period: &Period,
    filter: &Filter,
) -> Result<Stats, Problem> {
    let (starts, texts): (Vec<_>, Vec<_>) = starts::of(read, period).await?.into_iter().unzip();
    let mut series = Series::of(starts);
    count(read, scope, period.span, filter, &mut series).await?;
    let previous = if period.is_compared {
        Some(totals(read, scope, period.span.before(), filter).await?)
    } else {
        None
    };
    let total = series.total();
    let point = |(start, counted): (String, Counted)| Point {
        start,
        clicks: counted.clicks,
        unique: counted.visitors.count(),
    };
    Ok(Stats {
        total: total.clicks,
        unique: total.visitors.count(),
        previous,
        series: texts
            .into_iter()
            .zip(series.into_intervals())
            .map(point)
            .collect(),
    })
}

async fn totals(
    read: &mut PgConnection,
    scope: &Scope,
    span: Span,
    filter: &Filter,
) -> Result<Totals, Problem> {
    let mut series = Series::of(vec![span.from]);
    count(read, scope, span, filter, &mut series).await?;
    let total = series.total();
    Ok(Totals {
        total: total.clicks,
        unique: total.visitors.count(),
    })
}

async fn count(
    read: &mut PgConnection,
    scope: &Scope,
    span: Span,
    filter: &Filter,
    series: &mut Series,
) -> Result<(), Problem> {
    if filter.is_empty() {
        rollup::series(read, scope, span, series).await
    } else {
        raw::series(read, scope, span, filter, series).await
    }
}

#[cfg(test)]
mod tests;
