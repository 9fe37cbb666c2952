//! Raw clicks, newest first.

mod body;
pub(crate) mod export;

use axum::extract::State;
use events::{LinkId, Timestamp};
use serde::{Deserialize, Serialize};
use service::body::{Faults, Json, Path, Query};
use service::caller::Caller;
use service::click_count::Dimension;
use service::headers::MinPosition;
use service::page::{Page, Paging};
use service::problem::Problem;
use service::world;
use sqlx::PgConnection;
use uuid::Uuid;

use self::body::{ClickBody, Row};
use super::filter::Filter;
use super::open;
use super::scope::{Scope, Which};
use super::span::{AskedSpan, Span};
use crate::app::App;
use crate::database;
use crate::http::ReadProblems;

/// A place among the clicks, behind which older ones follow.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Behind {
    time: Timestamp,
    sequence: i64,
    ordinal: i32,
}

impl Behind {
    /// All clicks of before that time.
    fn time(time: Timestamp) -> Self {
        Self {
            time,
            sequence: -1,
            ordinal: -1,
        }
    }

    fn row(row: &Row) -> Self {
        Self {
            time: Timestamp::new(row.occurred_at),
            sequence: row.sequence,
            ordinal: row.ordinal,
        }
    }
}

/// Which clicks are wanted.
pub(super) struct Wanted {
    scope: Scope,
    span: Span,
    filter: Filter,
    marked: Marked,
}

/// Which clicks are wanted, by whether they count.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Marked {
    /// Only clicks that an exclusion means, or only those that count; both if it isn't said.
    excluded: Option<bool>,
}

impl Wanted {
    fn parse(
        mut faults: Faults,
        scope: Scope,
        span: &AskedSpan,
        filter: Filter,
        marked: Marked,
    ) -> Result<Self, Problem> {
        filter.check(&mut faults);
        let Some(span) = span.of_all_time(&mut faults, world::now().odt()) else {
            return Err(faults.into());
        };
        faults.finish()?;
        Ok(Self {
            scope,
            span,
            filter,
            marked,
        })
    }
}

/// The clicks on one link, newest first
#[utoipa::path(
    get, path = "/v1/links/{id}/clicks", operation_id = "list_link_clicks", tag = "clicks",
    params(
        ("id" = Uuid, Path),
        AskedSpan,
        Filter,
        Marked,
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "50 unless said"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("Min-Position" = Option<String>, Header, example = "CLICKS:1"),
    ),
    responses((status = 200, body = Page<ClickBody>), ReadProblems),
)]
#[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
pub(crate) async fn of_link(
    State(app): State<App>,
    caller: Caller,
    Path(link): Path<LinkId>,
    Query(span): Query<AskedSpan>,
    Query(filter): Query<Filter>,
    Query(marked): Query<Marked>,
    min_position: MinPosition,
    paging: Paging<Behind>,
) -> Result<Json<Page<ClickBody>>, Problem> {
    let scope = Scope::link(caller.workspace, link);
    let wanted = Wanted::parse(Faults::default(), scope, &span, filter, marked)?;
    let mut read = open(&app, &caller, &min_position, Some(link)).await?;
    page(&mut read, &wanted, &paging).await.map(Json)
}

/// The clicks on all links of the workspace, newest first
#[utoipa::path(
    get, path = "/v1/links/clicks", operation_id = "list_workspace_clicks", tag = "clicks",
    params(
        AskedSpan,
        Filter,
        Which,
        Marked,
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "50 unless said"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("Min-Position" = Option<String>, Header, example = "CLICKS:1"),
    ),
    responses((status = 200, body = Page<ClickBody>), ReadProblems),
)]
#[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
pub(crate) async fn of_workspace(
    State(app): State<App>,
    caller: Caller,
    Query(span): Query<AskedSpan>,
    Query(filter): Query<Filter>,
    Query(which): Query<Which>,
    Query(marked): Query<Marked>,
    min_position: MinPosition,
    paging: Paging<Behind>,
) -> Result<Json<Page<ClickBody>>, Problem> {
    let all = Scope::workspace(caller.workspace);
    let mut wanted = Wanted::parse(which.faults(), all, &span, filter, marked)?;
    let mut read = open(&app, &caller, &min_position, None).await?;
    wanted.scope = Scope::of(&mut read, caller.workspace, &which).await?;
    page(&mut read, &wanted, &paging).await.map(Json)
}

async fn page(
    read: &mut PgConnection,
    wanted: &Wanted,
    paging: &Paging<Behind>,
) -> Result<Page<ClickBody>, Problem> {
    let before = Behind::time(Timestamp::new(wanted.span.to));
    let behind = paging.cursor.unwrap_or(before);
    let rows = rows(read, wanted, behind, i64::from(paging.limit) + 1)
        .await
        .map_err(database::problem)?;
    Ok(Page::cut(rows, paging.limit, Behind::row).map(ClickBody::from))
}

/// The next clicks behind a place: of one link by the link's index, of others by the workspace's, in whose order they are.
pub(super) async fn rows(
    read: &mut PgConnection,
    wanted: &Wanted,
    behind: Behind,
    limit: i64,
) -> sqlx::Result<Vec<Row>> {
    let (span, filter) = (wanted.span, &wanted.filter);
    let (link, links) = match wanted.scope.links.as_deref() {
        Some(&[link]) => (Some(link), None),
        links => (None, links),
    };
    sqlx::query_as!(
        Row,
        "select click_id, link_id, slug, occurred_at, sequence, ordinal, visitor, network, variant,
                is_bot, is_excluded, country, city, referrer, browser, os, device, utm_source, utm_medium, utm_campaign, rule
           from click_record
          where workspace_id is not distinct from $1 and ($2::uuid is not null or workspace_id = $1)
            and ($2::uuid is null or link_id = $2) and ($21::uuid[] is null or link_id = any($21))
            and occurred_at >= $3 and occurred_at < $4 and ($5::bool is null or is_bot = $5)
            and ($6::text is null or coalesce(country, '') = $6)
            and ($7::text is null or coalesce(city, '') = $7)
            and ($8::text is null or coalesce(referrer, '') = $8)
            and ($9::text is null or coalesce(browser, '') = $9)
            and ($10::text is null or coalesce(os, '') = $10)
            and ($11::text is null or coalesce(device, '') = $11)
            and ($12::text is null or coalesce(utm_source, '') = $12)
            and ($13::text is null or coalesce(utm_medium, '') = $13)
            and ($14::text is null or coalesce(utm_campaign, '') = $14)
            and ($15::text is null or coalesce(rule, '') = $15)
            and ($20::bool is null or is_excluded = $20)
            and occurred_at <= $16 and (occurred_at, sequence, ordinal) < ($16, $17, $18)
          order by occurred_at desc, sequence desc, ordinal desc limit $19",
        wanted.scope.workspace.uuid(),
        link as Option<Uuid>,
        span.from,
        span.to,
        span.is_bot,
        filter.of(Dimension::Country),
        filter.of(Dimension::City),
        filter.of(Dimension::Referrer),
        filter.of(Dimension::Browser),
        filter.of(Dimension::Os),
        filter.of(Dimension::Device),
        filter.of(Dimension::UtmSource),
        filter.of(Dimension::UtmMedium),
        filter.of(Dimension::UtmCampaign),
        filter.of(Dimension::Rule),
        behind.time.odt(),
        behind.sequence,
        behind.ordinal,
        limit,
        wanted.marked.excluded,
        links as Option<&[Uuid]>,
    )
    .fetch_all(read)
    .await
}
