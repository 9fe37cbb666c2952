//! The partitions of `click_record`: one for each month in UTC, made ahead, and for late clicks when they come; dropped as a whole.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, PgConnection};
use time::{Date, Duration, Month, OffsetDateTime, Time};

use super::message::ClickMessage;

/// So long before a month begins its partition is made: to make one waits for those who read.
const AHEAD: Duration = Duration::days(7);

/// Makes the partitions that the clicks need, or soon will, and that are missing.
///
/// Only a worker that holds the projection's position gets here, so no two do this at once.
pub(super) async fn make_for(
    tx: &mut PgConnection,
    messages: &[&ClickMessage<'_>],
) -> Result<(), sqlx::Error> {
    let mut wanted = wanted(messages);
    let names: Vec<_> = wanted.keys().cloned().collect();
    let missing: Vec<String> = sqlx::query_scalar!(
        r#"select name as "name!" from unnest($1::text[]) name where to_regclass(name) is null"#,
        &names
    )
    .fetch_all(&mut *tx)
    .await?;
    for name in missing {
        if let Some(definition) = wanted.remove(&name) {
            let made = AssertSqlSafe(definition);
            sqlx::raw_sql(made).execute(&mut *tx).await?;
            tracing::info!(partition = name, "made");
        }
    }
    Ok(())
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
/// What is counted of their clicks stays.
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
        let dropped = AssertSqlSafe(format!("drop table {name}"));
        sqlx::raw_sql(dropped).execute(&mut *tx).await?;
        tracing::info!(
            partition = name,
            "dropped, since its clicks are older than is kept"
        );
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
    let ahead = messages.iter().map(|message| message.stored_at + AHEAD);
    let times = clicks.map(|click| click.time.odt()).chain(ahead);
    times.map(|time| definition(time.date())).collect()
}

/// The name of the date's partition, and what makes it.
///
/// Without a policy and a grant: clicks are read through the table that it is a part of.
fn definition(date: Date) -> (String, String) {
    let (year, month) = (date.year(), date.month());
    let next = month.next();
    let next_year = year + i32::from(next == Month::January);
    let (month, next) = (u8::from(month), u8::from(next));
    let name = format!("click_record_{year:04}_{month:02}");
    let definition = format!(
        "create table {name} partition of click_record \
         for values from ('{year:04}-{month:02}-01 00:00:00Z') to ('{next_year:04}-{next:02}-01 00:00:00Z'); \
         alter table {name} enable row level security",
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
        let made = "create table click_record_2026_12 partition of click_record \
             for values from ('2026-12-01 00:00:00Z') to ('2027-01-01 00:00:00Z'); \
             alter table click_record_2026_12 enable row level security";
        let made = ("click_record_2026_12".to_owned(), made.to_owned());
        assert_eq!(definition(date!(2026 - 12 - 31)), made);
    }
}
