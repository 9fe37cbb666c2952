//! The partitions of `click_record`: one for each month in UTC, made ahead, and for late clicks when they come; dropped as a whole.
//!
//! Somebody may read the table for an hour, as a dump does. A month that clicks need is made beside such a reader;
//! what can wait is tried for a moment and left for the next time, so that neither the clicks nor other readers queue.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use time::{Date, Duration, Month, OffsetDateTime, Time};

use super::message::ClickMessage;

/// So long before a month begins its partition is made: at the turn of a month nothing is in its clicks' way.
const AHEAD: Duration = Duration::days(7);

/// For a lock that was not given within its timeout (PostgreSQL, appendix A).
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Makes the partitions that the clicks need and that are missing.
///
/// Only a worker that holds the projection's position gets here, so no two do this at once.
pub(super) async fn make_for(
    tx: &mut PgConnection,
    messages: &[&ClickMessage<'_>],
) -> Result<(), sqlx::Error> {
    for (name, definition) in missing(tx, wanted(messages)).await? {
        sqlx::raw_sql(AssertSqlSafe(definition))
            .execute(&mut *tx)
            .await?;
        tracing::info!(partition = name, "made");
    }
    Ok(())
}

/// Makes the partition that clicks will soon need, unless that would have to wait.
pub(super) async fn make_ahead(
    tx: &mut PgConnection,
    reached: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let soon = BTreeMap::from([definition((reached + AHEAD).date())]);
    for (name, definition) in missing(tx, soon).await? {
        if let Tried::Done = at_once(tx, &name, &definition).await? {
            tracing::info!(partition = name, "made ahead");
        }
    }
    Ok(())
}

/// Those of the definitions whose partitions are not there.
async fn missing(
    tx: &mut PgConnection,
    mut wanted: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, sqlx::Error> {
    let names: Vec<_> = wanted.keys().cloned().collect();
    let missing: Vec<String> = sqlx::query_scalar!(
        r#"select name as "name!" from unnest($1::text[]) name
            where not exists (select from pg_inherits
                               where inhparent = 'click_record'::regclass and inhrelid = to_regclass(name))"#,
        &names
    )
    .fetch_all(tx)
    .await?;
    wanted.retain(|name, _| missing.contains(name));
    Ok(wanted)
}

/// What became of a change that can wait.
enum Tried {
    Done,
    /// Somebody else holds the table for long.
    Held,
    /// An operator's view hangs on it, say.
    Refused,
}

/// Does what needs a table for itself, unless somebody else holds it for longer than a moment, or Postgres refuses it.
///
/// Everybody who comes later queues behind who waits for such a lock; and no click waits for what can be done later.
async fn at_once(tx: &mut PgConnection, name: &str, change: &str) -> Result<Tried, sqlx::Error> {
    let mut savepoint = tx.begin().await?;
    let change =
        format!("set local lock_timeout = '100ms'; {change}; set local lock_timeout to default");
    let done = sqlx::raw_sql(AssertSqlSafe(change))
        .execute(&mut *savepoint)
        .await;
    match done {
        Ok(_) => savepoint.commit().await.map(|()| Tried::Done),
        Err(sqlx::Error::Database(refused)) => {
            savepoint.rollback().await?;
            tracing::warn!(partition = name, error = %refused, "left for the next time");
            let is_held = refused.code().is_some_and(|it| it == LOCK_NOT_AVAILABLE);
            Ok(if is_held { Tried::Held } else { Tried::Refused })
        }
        Err(error) => Err(error),
    }
}

/// The months that have a partition, from their beginning to that of the next.
pub(super) async fn months(
    tx: &mut PgConnection,
) -> Result<Vec<(OffsetDateTime, OffsetDateTime)>, sqlx::Error> {
    let names = sqlx::query_scalar!(
        r#"select relname::text as "name!" from pg_inherits join pg_class on oid = inhrelid
            where inhparent = 'click_record'::regclass order by relname::text collate "C""#
    )
    .fetch_all(tx)
    .await?;
    Ok(names.iter().filter_map(|it| month_of(it)).collect())
}

/// Drops the partitions of months that ended longer ago than that, by the time that the log has reached.
///
/// What is counted of their clicks stays. While somebody reads for long, they stay too, until the next time.
pub(super) async fn drop_older(
    tx: &mut PgConnection,
    reached: OffsetDateTime,
    retention: std::time::Duration,
) -> Result<(), sqlx::Error> {
    let (kept, _) = definition(kept_since(reached, retention).date());
    let old: Vec<String> = sqlx::query_scalar!(
        r#"select relname::text as "name!" from pg_inherits join pg_class on oid = inhrelid
            where inhparent = 'click_record'::regclass
              and relname::text collate "C" < $1 order by 1"#,
        kept
    )
    .fetch_all(&mut *tx)
    .await?;
    for name in old {
        match at_once(tx, &name, &format!("drop table {name}")).await? {
            Tried::Done => tracing::info!(
                partition = name,
                "dropped, since its clicks are older than is kept"
            ),
            Tried::Held => break,
            Tried::Refused => {}
        }
    }
    Ok(())
}

/// Where what is kept begins: the month in which it does is kept as a whole.
pub(super) fn kept_since(
    reached: OffsetDateTime,
    retention: std::time::Duration,
) -> OffsetDateTime {
    beginning((reached - retention).date())
}

/// When the date's month begins.
fn beginning(date: Date) -> OffsetDateTime {
    let first = date.replace_day(1).unwrap_or(date);
    first.with_time(Time::MIDNIGHT).assume_utc()
}

/// The month of the partition.
fn month_of(name: &str) -> Option<(OffsetDateTime, OffsetDateTime)> {
    let (year, month) = name.strip_prefix("click_record_")?.split_once('_')?;
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let first = Date::from_calendar_date(year.parse().ok()?, month, 1).ok()?;
    // No month has more than 31 days, and the next has more than one.
    let next = first.checked_add(Duration::days(31)).unwrap_or(Date::MAX);
    Some((beginning(first), beginning(next)))
}

/// The definitions of the partitions, by their names.
fn wanted(messages: &[&ClickMessage<'_>]) -> BTreeMap<String, String> {
    let clicks = messages.iter().flat_map(|message| &message.clicks);
    let days: BTreeSet<_> = clicks.map(|click| click.time.odt().date()).collect();
    days.into_iter().map(definition).collect()
}

/// The name of the date's partition, and what makes it.
///
/// Without a policy and a grant: clicks are read through the table that it is a part of.
/// Made apart and then attached, which lets others read meanwhile; to make it in its place would wait for all of them.
/// One that somebody detached is attached again.
fn definition(date: Date) -> (String, String) {
    let (year, month) = (date.year(), date.month());
    let next = month.next();
    let next_year = year + i32::from(next == Month::January);
    let (month, next) = (u8::from(month), u8::from(next));
    let name = format!("click_record_{year:04}_{month:02}");
    let definition = format!(
        "create table if not exists {name} (like click_record including all); \
         alter table {name} enable row level security; \
         alter table click_record attach partition {name} \
         for values from ('{year:04}-{month:02}-01 00:00:00Z') to ('{next_year:04}-{next:02}-01 00:00:00Z')",
    );
    (name, definition)
}

#[cfg(test)]
mod tests {
    use super::{definition, kept_since, month_of};
    use std::time::Duration;
    use time::macros::{date, datetime};

    #[test]
    fn a_month_is_told_by_its_partitions_name() {
        let (name, _) = definition(date!(2026 - 12 - 31));
        let (from, to) = (
            datetime!(2026-12-01 0:00 UTC),
            datetime!(2027-01-01 0:00 UTC),
        );
        assert_eq!(month_of(&name), Some((from, to)));
        let (name, _) = definition(date!(2028 - 02 - 01));
        let (from, to) = (
            datetime!(2028-02-01 0:00 UTC),
            datetime!(2028-03-01 0:00 UTC),
        );
        assert_eq!(month_of(&name), Some((from, to)));
        assert_eq!(month_of("click_record_all"), None);
    }

    #[test]
    fn the_month_in_which_what_is_kept_begins_is_kept_as_a_whole() {
        let reached = datetime!(2026-11-21 10:00 UTC);
        let kept = kept_since(reached, Duration::from_hours(24 * 30));
        assert_eq!(kept, datetime!(2026-10-01 0:00 UTC));
    }

    #[test]
    fn a_partition_ends_where_the_next_month_begins() {
        let made = "create table if not exists click_record_2026_12 (like click_record including all); \
             alter table click_record_2026_12 enable row level security; \
             alter table click_record attach partition click_record_2026_12 \
             for values from ('2026-12-01 00:00:00Z') to ('2027-01-01 00:00:00Z')";
        let made = ("click_record_2026_12".to_owned(), made.to_owned());
        assert_eq!(definition(date!(2026 - 12 - 31)), made);
    }
}
