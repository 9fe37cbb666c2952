//! What is counted, read and written: one statement each way for each table, in the order of its key.

use foldhash::HashMap;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime, Time};
use uuid::Uuid;

use super::day::{DayClicks, DayRow, ScopeDay};
use super::tally::{Added, QuarterKey, ValueKey};

/// The packed clicks of those days that have a row.
pub(super) async fn packed(
    tx: &mut PgConnection,
    days: &[DayClicks],
) -> Result<HashMap<ScopeDay, Vec<u8>>, sqlx::Error> {
    let keys = || days.iter().map(|(key, _)| key);
    let rows = sqlx::query!(
        "select it.workspace_id, it.scope_id, it.day, it.packed
           from unnest($1::uuid[], $2::date[]) as wanted (scope_id, day)
           join click_count it on it.scope_id = wanted.scope_id and it.day = wanted.day",
        &keys().map(|key| key.scope).collect::<Vec<_>>(),
        &keys().map(|key| key.day).collect::<Vec<_>>(),
    )
    .fetch_all(tx)
    .await?;
    let key = |scope, day, workspace| ScopeDay {
        scope,
        day,
        workspace,
    };
    Ok(rows
        .into_iter()
        .map(|row| (key(row.scope_id, row.day, row.workspace_id), row.packed))
        .collect())
}

pub(super) async fn days(tx: &mut PgConnection, rows: &[DayRow]) -> Result<(), sqlx::Error> {
    let packed: Vec<&[u8]> = rows.iter().map(|row| row.packed.as_slice()).collect();
    sqlx::query!(
        "insert into click_count (workspace_id, scope_id, day, clicks, packed)
         select * from unnest($1::uuid[], $2::uuid[], $3::date[], $4::bigint[], $5::bytea[])
         on conflict (scope_id, day) do update
             set clicks = click_count.clicks + excluded.clicks, packed = excluded.packed",
        &rows.iter().map(|it| it.key.workspace).collect::<Vec<_>>(),
        &rows.iter().map(|it| it.key.scope).collect::<Vec<_>>(),
        &rows.iter().map(|it| it.key.day).collect::<Vec<_>>(),
        &rows.iter().map(|it| it.clicks).collect::<Vec<_>>(),
        &packed as &[&[u8]],
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The sketches of those quarters that have one, by the quarters' places, from 1.
pub(super) async fn quarters_sketched(
    tx: &mut PgConnection,
    rows: &[(QuarterKey, Added)],
) -> Result<HashMap<i64, Vec<u8>>, sqlx::Error> {
    if rows.is_empty() {
        return Ok(HashMap::default());
    }
    let columns = QuarterColumns::of(rows);
    let stored = sqlx::query!(
        r#"select wanted.at as "at!", it.visitors
           from unnest($1::uuid[], $2::timestamptz[], $3::boolean[]) with ordinality
               as wanted (scope_id, bucket, is_bot, at)
           join click_count_quarter it on it.scope_id = wanted.scope_id and it.bucket = wanted.bucket
               and it.is_bot = wanted.is_bot"#,
        &columns.scopes,
        &columns.buckets,
        &columns.bots,
    )
    .fetch_all(tx)
    .await?;
    Ok(by_place(
        stored.into_iter().map(|row| (row.at, row.visitors)),
    ))
}

/// A sketch that is none stays as it is.
pub(super) async fn quarters(
    tx: &mut PgConnection,
    rows: &[(QuarterKey, Added)],
    visitors: &[Option<Vec<u8>>],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let columns = QuarterColumns::of(rows);
    sqlx::query!(
        "insert into click_count_quarter (workspace_id, scope_id, bucket, is_bot, clicks, visitors)
         select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::boolean[], $5::bigint[],
             $6::bytea[])
         on conflict (scope_id, bucket, is_bot) do update
             set clicks = click_count_quarter.clicks + excluded.clicks,
                 visitors = coalesce(excluded.visitors, click_count_quarter.visitors)",
        &columns.workspaces,
        &columns.scopes,
        &columns.buckets,
        &columns.bots,
        &clicks(rows),
        visitors as &[Option<Vec<u8>>],
    )
    .execute(tx)
    .await?;
    Ok(())
}

struct QuarterColumns {
    workspaces: Vec<Uuid>,
    scopes: Vec<Uuid>,
    buckets: Vec<OffsetDateTime>,
    bots: Vec<bool>,
}

impl QuarterColumns {
    fn of(rows: &[(QuarterKey, Added)]) -> Self {
        let keys = || rows.iter().map(|(key, _)| key);
        Self {
            workspaces: keys().map(|key| key.day.workspace).collect(),
            scopes: keys().map(|key| key.day.scope).collect(),
            buckets: keys().map(start).collect(),
            bots: keys().map(|key| key.is_bot).collect(),
        }
    }
}

fn start(key: &QuarterKey) -> OffsetDateTime {
    let midnight = key.day.day.with_time(Time::MIDNIGHT).assume_utc();
    midnight + Duration::minutes(15) * i32::from(key.quarter)
}

/// As [`quarters_sketched`], of values.
pub(super) async fn values_sketched(
    tx: &mut PgConnection,
    rows: &[(ValueKey<'_>, Added)],
) -> Result<HashMap<i64, Vec<u8>>, sqlx::Error> {
    if rows.is_empty() {
        return Ok(HashMap::default());
    }
    let columns = ValueColumns::of(rows);
    let stored = sqlx::query!(
        r#"select wanted.at as "at!", it.visitors
           from unnest($1::uuid[], $2::smallint[], $3::date[], $4::boolean[], $5::text[]) with ordinality
               as wanted (scope_id, dimension, day, is_bot, value, at)
           join click_count_value it on it.scope_id = wanted.scope_id
               and it.dimension = wanted.dimension and it.day = wanted.day
               and it.is_bot = wanted.is_bot and it.value = wanted.value collate "C""#,
        &columns.scopes,
        &columns.dimensions,
        &columns.days,
        &columns.bots,
        &columns.values as &[&str],
    )
    .fetch_all(tx)
    .await?;
    Ok(by_place(
        stored.into_iter().map(|row| (row.at, row.visitors)),
    ))
}

/// As [`quarters`].
pub(super) async fn values(
    tx: &mut PgConnection,
    rows: &[(ValueKey<'_>, Added)],
    visitors: &[Option<Vec<u8>>],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let columns = ValueColumns::of(rows);
    sqlx::query!(
        "insert into click_count_value (workspace_id, scope_id, dimension, day, is_bot, value, clicks,
             visitors)
         select * from unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::date[], $5::boolean[],
             $6::text[], $7::bigint[], $8::bytea[])
         on conflict (scope_id, dimension, day, is_bot, value) do update
             set clicks = click_count_value.clicks + excluded.clicks,
                 visitors = coalesce(excluded.visitors, click_count_value.visitors)",
        &columns.workspaces,
        &columns.scopes,
        &columns.dimensions,
        &columns.days,
        &columns.bots,
        &columns.values as &[&str],
        &clicks(rows),
        visitors as &[Option<Vec<u8>>],
    )
    .execute(tx)
    .await?;
    Ok(())
}

struct ValueColumns<'c> {
    workspaces: Vec<Uuid>,
    scopes: Vec<Uuid>,
    dimensions: Vec<i16>,
    days: Vec<time::Date>,
    bots: Vec<bool>,
    values: Vec<&'c str>,
}

impl<'c> ValueColumns<'c> {
    fn of(rows: &[(ValueKey<'c>, Added)]) -> Self {
        let keys = || rows.iter().map(|(key, _)| key);
        Self {
            workspaces: keys().map(|key| key.day.workspace).collect(),
            scopes: keys().map(|key| key.day.scope).collect(),
            dimensions: keys().map(|key| key.dimension).collect(),
            days: keys().map(|key| key.day.day).collect(),
            bots: keys().map(|key| key.is_bot).collect(),
            values: keys().map(|key| key.value).collect(),
        }
    }
}

fn clicks<K>(rows: &[(K, Added)]) -> Vec<i64> {
    rows.iter().map(|(_, added)| added.clicks).collect()
}

fn by_place(rows: impl Iterator<Item = (i64, Option<Vec<u8>>)>) -> HashMap<i64, Vec<u8>> {
    rows.filter_map(|(at, visitors)| Some((at, visitors?)))
        .collect()
}
