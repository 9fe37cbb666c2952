//! Questions that only the raw clicks answer: of some values together, and of parts of days.

use futures::TryStreamExt;
use service::click_count::Dimension;
use service::problem::Problem;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::filter::Filter;
use super::scope::Scope;
use super::series::Series;
use super::span::Span;
use super::top::Values;
use crate::database;

/// Counts the clicks of the span that pass the filter.
pub(super) async fn series(
    read: &mut PgConnection,
    scope: &Scope,
    span: Span,
    filter: &Filter,
    series: &mut Series,
) -> Result<(), Problem> {
    each(read, scope, span, filter, None, |click| {
        if let Some(interval) = series.at(click.occurred_at) {
            interval.add(click.visitor());
        }
        Ok(())
    })
    .await
}

/// Counts the values of a dimension among the clicks of the span that pass the filter.
pub(super) async fn values(
    read: &mut PgConnection,
    scope: &Scope,
    span: Span,
    filter: &Filter,
    dimension: Dimension,
    values: &mut Values,
) -> Result<(), Problem> {
    each(read, scope, span, filter, Some(dimension), |click| {
        values.of(&click.value)?.add(click.visitor());
        Ok(())
    })
    .await
}

/// What is counted of a click.
struct Click {
    occurred_at: OffsetDateTime,
    /// That of the dimension that is asked for; empty for what isn't known.
    value: String,
    visitor: Option<i64>,
}

impl Click {
    fn visitor(&self) -> Option<u64> {
        self.visitor.map(i64::cast_unsigned)
    }
}

/// Hands on the clicks of the span that pass the filter.
///
/// Those of few links are found by the links' index, whatever Postgres knows of them: the workspace is compared in a
/// way that no index serves, and only where links are many, or all, also in one that does.
async fn each(
    read: &mut PgConnection,
    scope: &Scope,
    span: Span,
    filter: &Filter,
    dimension: Option<Dimension>,
    mut take: impl FnMut(Click) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut clicks = sqlx::query_as!(
        Click,
        r#"select occurred_at,
                  coalesce(case $16::text
                    when 'country' then country when 'city' then city when 'referrer' then referrer
                    when 'browser' then browser when 'os' then os when 'device' then device
                    when 'utm_source' then utm_source when 'utm_medium' then utm_medium
                    when 'utm_campaign' then utm_campaign when 'rule' then rule end, '') as "value!",
                  visitor
           from click_record
          where workspace_id is not distinct from $1 and ($17 or workspace_id = $1)
            and ($2::uuid[] is null or link_id = any($2))
            and occurred_at >= $3 and occurred_at < $4 and not is_excluded
            and ($5::bool is null or is_bot = $5)
            and ($6::text is null or coalesce(country, '') = $6)
            and ($7::text is null or coalesce(city, '') = $7)
            and ($8::text is null or coalesce(referrer, '') = $8)
            and ($9::text is null or coalesce(browser, '') = $9)
            and ($10::text is null or coalesce(os, '') = $10)
            and ($11::text is null or coalesce(device, '') = $11)
            and ($12::text is null or coalesce(utm_source, '') = $12)
            and ($13::text is null or coalesce(utm_medium, '') = $13)
            and ($14::text is null or coalesce(utm_campaign, '') = $14)
            and ($15::text is null or coalesce(rule, '') = $15)"#,
        scope.workspace.uuid(),
        scope.links.as_deref() as Option<&[uuid::Uuid]>,
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
        dimension.map(Dimension::as_str),
        scope.is_few(),
    )
    .fetch(read);
    while let Some(click) = clicks.try_next().await.map_err(database::problem)? {
        take(click)?;
    }
    Ok(())
}
