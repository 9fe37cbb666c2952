//! Where the intervals of a series start: Postgres knows the time zones.

use service::body::Faults;
use service::problem::Problem;
use sqlx::PgConnection;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::period::Period;
use crate::database;

/// `SQLSTATE` of a zone that Postgres doesn't know (invalid parameter value).
const UNKNOWN_ZONE: &str = "22023";

/// The start of every interval of the period, and how it is written in the asked zone.
pub(super) async fn of(
    read: &mut PgConnection,
    period: &Period,
) -> Result<Vec<(OffsetDateTime, String)>, Problem> {
    let rows = sqlx::query!(
        r#"select start as "start!",
                  extract(epoch from (start at time zone $1) - (start at time zone 'UTC'))::int
                    as "offset_seconds!"
             from (select distinct date_trunc($2, instant, $1) as start
                     from (select generate_series($3::timestamptz, $4, make_interval(mins => $5))
                           union all
                           select $4 - interval '15 minutes') as walked (instant)
                    where instant < $4) as starts
            order by start"#,
        period.zone,
        period.interval.as_str(),
        period.span.from,
        period.span.to,
        period.interval.step_minutes(),
    )
    .fetch_all(read)
    .await
    .map_err(|error| match database::code(&error).as_deref() {
        Some(UNKNOWN_ZONE) => unknown_zone(),
        _ => database::problem(error),
    })?;
    rows.into_iter()
        .map(|row| Ok((row.start, written(row.start, row.offset_seconds)?)))
        .collect()
}

fn written(start: OffsetDateTime, offset_seconds: i32) -> Result<String, Problem> {
    UtcOffset::from_whole_seconds(offset_seconds)
        .ok()
        .and_then(|offset| start.checked_to_offset(offset)?.format(&Rfc3339).ok())
        .ok_or_else(unknown_zone)
}

fn unknown_zone() -> Problem {
    let mut faults = Faults::default();
    faults.add("/tz", "is no time zone that the database knows");
    faults.into()
}
