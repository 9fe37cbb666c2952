//! The values of a dimension with the most clicks.

use std::cmp::Reverse;
use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use events::LinkId;
use serde::{Deserialize, Serialize};
use service::body::{Faults, Path, Query};
use service::caller::Caller;
use service::click_count::Dimension;
use service::headers::{IfNoneMatch, MinPosition};
use service::page;
use service::problem::Problem;
use service::world;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::filter::Filter;
use super::scope::{Scope, Which};
use super::series::Counted;
use super::span::{AskedSpan, Span};
use super::{open, raw, rollup};
use crate::app::App;
use crate::http::{ReadProblems, Versioned};

/// The most values that are told apart in one answer; that many take some 20 MiB.
const VALUES_MAX: usize = 200_000;

/// How many values are asked for.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskedLimit {
    /// 50 unless said.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// The values with the most clicks, the most clicked first.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TopValues)]
pub(crate) struct Top {
    items: Vec<TopValue>,
}

/// The clicks with one value.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
struct TopValue {
    /// `null` for clicks of which it isn't known.
    value: Option<String>,
    clicks: i64,
    /// Distinct visitors of a day, added up over the days; nearly, where there are thousands.
    unique: i64,
}

/// What is counted of each value; empty for what isn't known.
#[derive(Default)]
pub(super) struct Values(HashMap<String, Counted>);

impl Values {
    pub(super) fn of(&mut self, value: &str) -> Result<&mut Counted, Problem> {
        if !self.0.contains_key(value) {
            if self.0.len() >= VALUES_MAX {
                return Err(too_many());
            }
            self.0.insert(value.to_owned(), Counted::default());
        }
        self.0.get_mut(value).ok_or_else(too_many)
    }

    /// Only those with the most clicks.
    fn top(self, limit: usize) -> HashMap<String, Counted> {
        let mut all: Vec<_> = self.0.into_iter().collect();
        all.sort_unstable_by(|(a, counted_a), (b, counted_b)| {
            (Reverse(counted_a.clicks), a).cmp(&(Reverse(counted_b.clicks), b))
        });
        all.truncate(limit);
        all.into_iter().collect()
    }
}

fn too_many() -> Problem {
    let mut faults = Faults::default();
    faults.add(
        "/from",
        format!("has more than {VALUES_MAX} values: ask for a shorter time"),
    );
    faults.into()
}

impl Top {
    fn of(top: HashMap<String, Counted>) -> Self {
        let item = |(value, counted): (String, Counted)| TopValue {
            value: Some(value).filter(|it| !it.is_empty()),
            clicks: counted.clicks,
            unique: counted.visitors.count(),
        };
        let mut items: Vec<_> = top.into_iter().map(item).collect();
        items.sort_unstable_by(|a, b| {
            (Reverse(a.clicks), &a.value).cmp(&(Reverse(b.clicks), &b.value))
        });
        Self { items }
    }
}

/// What is asked, in order.
struct Wanted {
    dimension: Dimension,
    span: Span,
    filter: Filter,
    limit: usize,
}

impl Wanted {
    /// Makes sense of what is asked, or says all that is wrong with it, beside what was found before.
    fn parse(
        mut faults: Faults,
        dimension: Dimension,
        span: &AskedSpan,
        filter: Filter,
        limit: &AskedLimit,
    ) -> Result<Self, Problem> {
        filter.check(&mut faults);
        let span = span.parse(&mut faults, world::now().odt());
        let limit = faults.take("/limit", page::parse_limit(limit.limit.as_deref()));
        let (Some(span), Some(limit)) = (span, limit) else {
            return Err(faults.into());
        };
        faults.finish()?;
        Ok(Self {
            dimension,
            span,
            filter,
            limit: limit.into(),
        })
    }
}

/// The countries, browsers and so on with the most clicks on one link
#[utoipa::path(
    get, path = "/v1/links/{id}/stats/{dimension}", operation_id = "link_top_values", tag = "stats",
    params(
        ("id" = Uuid, Path),
        ("dimension" = String, Path, description = "`country`, `city`, `referrer`, `browser`, `os`, \
            `device`, `utm_source`, `utm_medium`, `utm_campaign` or `rule`", example = "country"),
        AskedSpan,
        Filter,
        AskedLimit,
        ("Min-Position" = Option<String>, Header, example = "CLICKS:1"),
    ),
    responses((status = 200, body = Top), (status = 304), ReadProblems),
)]
#[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
pub(crate) async fn of_link(
    State(app): State<App>,
    caller: Caller,
    Path((link, dimension)): Path<(LinkId, Dimension)>,
    Query(span): Query<AskedSpan>,
    Query(filter): Query<Filter>,
    Query(limit): Query<AskedLimit>,
    min_position: MinPosition,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let wanted = Wanted::parse(Faults::default(), dimension, &span, filter, &limit)?;
    let mut read = open(&app, &caller, &min_position, Some(link)).await?;
    let scope = Scope::link(caller.workspace, link);
    let top = top(&mut read, &scope, &wanted).await?;
    Ok(Versioned::by_content(&top)?.unless_known(&known))
}

/// The countries, browsers and so on with the most clicks on the links of the workspace
#[utoipa::path(
    get, path = "/v1/links/stats/{dimension}", operation_id = "workspace_top_values", tag = "stats",
    params(
        ("dimension" = String, Path, description = "`country`, `city`, `referrer`, `browser`, `os`, \
            `device`, `utm_source`, `utm_medium`, `utm_campaign` or `rule`", example = "country"),
        AskedSpan,
        Filter,
        Which,
        AskedLimit,
        ("Min-Position" = Option<String>, Header, example = "CLICKS:1"),
    ),
    responses((status = 200, body = Top), (status = 304), ReadProblems),
)]
#[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
pub(crate) async fn of_workspace(
    State(app): State<App>,
    caller: Caller,
    Path(dimension): Path<Dimension>,
    Query(span): Query<AskedSpan>,
    Query(filter): Query<Filter>,
    Query(which): Query<Which>,
    Query(limit): Query<AskedLimit>,
    min_position: MinPosition,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let wanted = Wanted::parse(which.faults(), dimension, &span, filter, &limit)?;
    let mut read = open(&app, &caller, &min_position, None).await?;
    let scope = Scope::of(&mut read, caller.workspace, &which).await?;
    let top = top(&mut read, &scope, &wanted).await?;
    Ok(Versioned::by_content(&top)?.unless_known(&known))
}

/// Whole days are read as they were counted; what is left of others, and what is filtered, from the raw clicks.
async fn top(read: &mut PgConnection, scope: &Scope, wanted: &Wanted) -> Result<Top, Problem> {
    let (dimension, filter, mut values) = (wanted.dimension, &wanted.filter, Values::default());
    let (days, parts) = if filter.is_empty() {
        wanted.span.days()
    } else {
        (None, vec![wanted.span])
    };
    if let Some(days) = days {
        rollup::values(read, scope, days, dimension, &mut values).await?;
    }
    for part in parts {
        raw::values(read, scope, part, filter, dimension, &mut values).await?;
    }
    let mut top = values.top(wanted.limit);
    if let Some(days) = days {
        rollup::visitors(read, scope, days, dimension, &mut top).await?;
    }
    Ok(Top::of(top))
}
