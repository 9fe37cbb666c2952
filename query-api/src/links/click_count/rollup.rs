//! What the projectors have counted: packed clicks, quarters of an hour, and values of whole days.

use std::collections::HashMap;

use futures::TryStreamExt;
use service::click_count::{Dimension, PackedClick, unpack};
use service::problem::Problem;
use sqlx::PgConnection;
use time::{Date, Duration, OffsetDateTime};

use super::grain::Grains;
use super::scope::Scope;
use super::series::{Counted, Series};
use super::span::{Span, midnight};
use super::top::Values;
use crate::database;

/// By its values whole days are counted: the fewer there are, the fewer sketches are merged.
const OF_FEW_VALUES: Dimension = Dimension::Device;

/// Counts the clicks of the span.
pub(super) async fn series(
    read: &mut PgConnection,
    scope: &Scope,
    span: Span,
    series: &mut Series,
) -> Result<(), Problem> {
    packed(read, scope, span, |time, click| {
        if let Some(interval) = series.at(time) {
            interval.add(click.visitor);
        }
        Ok(())
    })
    .await?;
    let grains = Grains::of(series.cut(span));
    days(read, scope, &grains.days, series).await?;
    quarters(read, scope, &grains.quarters, series).await
}

/// Adds whole days, each to the interval that it lies in.
///
/// Every click has one value of each dimension, so the values of any of them are all clicks of the day.
async fn days(
    read: &mut PgConnection,
    scope: &Scope,
    parts: &[Span],
    series: &mut Series,
) -> Result<(), Problem> {
    let Some(whole) = Span::over(parts) else {
        return Ok(());
    };
    let ids = scope.ids();
    // The ranges are put together once; most of a scan lies within them.
    let mut rows = sqlx::query!(
        "select day, clicks, visitors from click_count_value
          where scope_id = any($1) and workspace_id = $2 and dimension = $3 and day >= $4 and day < $5
            and ($6::bool is null or is_bot = $6)
            and day <@ (select range_agg(daterange(first, behind))
                          from unnest($7::date[], $8::date[]) as part (first, behind))",
        &ids,
        scope.workspace.uuid(),
        OF_FEW_VALUES.number(),
        whole.from.date(),
        whole.to.date(),
        whole.is_bot,
        &parts.iter().map(|it| it.from.date()).collect::<Vec<_>>(),
        &parts.iter().map(|it| it.to.date()).collect::<Vec<_>>(),
    )
    .fetch(read);
    while let Some(row) = rows.try_next().await.map_err(database::problem)? {
        if let Some(interval) = series.at(midnight(row.day)) {
            interval.merge(row.clicks, row.visitors.as_deref())?;
        }
    }
    Ok(())
}

async fn quarters(
    read: &mut PgConnection,
    scope: &Scope,
    parts: &[Span],
    series: &mut Series,
) -> Result<(), Problem> {
    let Some(whole) = Span::over(parts) else {
        return Ok(());
    };
    let ids = scope.ids();
    let mut quarters = sqlx::query!(
        "select bucket, clicks, visitors from click_count_quarter
          where scope_id = any($1) and workspace_id = $2 and bucket >= $3 and bucket < $4
            and ($5::bool is null or is_bot = $5)
            and bucket <@ (select range_agg(tstzrange(first, behind))
                             from unnest($6::timestamptz[], $7::timestamptz[]) as part (first, behind))",
        &ids,
        scope.workspace.uuid(),
        whole.from,
        whole.to,
        whole.is_bot,
        &parts.iter().map(|it| it.from).collect::<Vec<_>>(),
        &parts.iter().map(|it| it.to).collect::<Vec<_>>(),
    )
    .fetch(read);
    while let Some(quarter) = quarters.try_next().await.map_err(database::problem)? {
        if let Some(interval) = series.at(quarter.bucket) {
            interval.merge(quarter.clicks, quarter.visitors.as_deref())?;
        }
    }
    Ok(())
}

/// Counts the values of a dimension over whole days.
pub(super) async fn values(
    read: &mut PgConnection,
    scope: &Scope,
    days: Span,
    dimension: Dimension,
    values: &mut Values,
) -> Result<(), Problem> {
    packed(read, scope, days, |_, click| {
        values
            .of(dimension.of(&click.values))
            .map(|it| it.add(click.visitor))
    })
    .await?;
    let ids = scope.ids();
    let mut rows = sqlx::query!(
        r#"select value, sum(clicks)::bigint as "clicks!" from click_count_value
          where scope_id = any($1) and workspace_id = $2 and dimension = $3 and day >= $4 and day < $5
            and ($6::bool is null or is_bot = $6)
          group by value"#,
        &ids,
        scope.workspace.uuid(),
        dimension.number(),
        days.from.date(),
        days.to.date(),
        days.is_bot,
    )
    .fetch(read);
    while let Some(row) = rows.try_next().await.map_err(database::problem)? {
        values.of(&row.value)?.clicks += row.clicks;
    }
    Ok(())
}

/// Adds the visitors of whole days to the values that are told.
pub(super) async fn visitors(
    read: &mut PgConnection,
    scope: &Scope,
    days: Span,
    dimension: Dimension,
    top: &mut HashMap<String, Counted>,
) -> Result<(), Problem> {
    let (ids, wanted): (_, Vec<_>) = (scope.ids(), top.keys().cloned().collect());
    let mut rows = sqlx::query!(
        r#"select value, visitors as "visitors!" from click_count_value
          where scope_id = any($1) and workspace_id = $2 and dimension = $3 and day >= $4 and day < $5
            and ($6::bool is null or is_bot = $6) and value = any($7) and visitors is not null"#,
        &ids,
        scope.workspace.uuid(),
        dimension.number(),
        days.from.date(),
        days.to.date(),
        days.is_bot,
        &wanted,
    )
    .fetch(read);
    while let Some(row) = rows.try_next().await.map_err(database::problem)? {
        if let Some(counted) = top.get_mut(&row.value) {
            counted.merge(0, Some(&row.visitors))?;
        }
    }
    Ok(())
}

/// Hands on the packed clicks of the span, each with the start of its quarter of an hour.
async fn packed(
    read: &mut PgConnection,
    scope: &Scope,
    span: Span,
    mut take: impl FnMut(OffsetDateTime, &PackedClick<'_>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let ids = scope.ids();
    let mut days = sqlx::query!(
        "select day, packed from click_count
          where scope_id = any($1) and workspace_id = $2 and day >= $3 and day <= $4",
        &ids,
        scope.workspace.uuid(),
        span.from.date(),
        span.to.date(),
    )
    .fetch(read);
    while let Some(row) = days.try_next().await.map_err(database::problem)? {
        let clicks = unpack(&row.packed).map_err(|error| Problem::internal(&error))?;
        for click in &clicks {
            let time = start(row.day, click.quarter);
            if span.counts(time, click.is_bot) {
                take(time, click)?;
            }
        }
    }
    Ok(())
}

fn start(day: Date, quarter: u8) -> OffsetDateTime {
    midnight(day) + Duration::minutes(15) * i32::from(quarter)
}
