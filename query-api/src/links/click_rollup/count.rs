//! Counting clicks in Postgres, which knows the time zones.

use events::{LinkId, WorkspaceId};
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
///
/// Postgres cuts the time here just as it does where clicks are counted, so the two always meet.
pub(super) async fn starts(
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
        period.from,
        period.to,
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

/// The clicks of one interval that has some.
pub(super) struct Counted {
    pub(super) start: OffsetDateTime,
    pub(super) clicks: i64,
}

pub(super) async fn of_link(
    read: &mut PgConnection,
    workspace: WorkspaceId,
    link: LinkId,
    period: &Period,
) -> sqlx::Result<Vec<Counted>> {
    sqlx::query_as!(
        Counted,
        r#"select date_trunc($1, bucket, $2) as "start!", sum(clicks)::bigint as "clicks!"
             from click_rollup
            where link_id = $3 and workspace_id = $4 and bucket >= $5 and bucket < $6
              and ($7::bool is null or is_bot = $7)
            group by 1"#,
        period.interval.as_str(),
        period.zone,
        link.uuid(),
        workspace.uuid(),
        period.from,
        period.to,
        period.is_bot,
    )
    .fetch_all(read)
    .await
}

/// All clicks on a link, of people and of programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) clicks: i64,
    pub(crate) bots: i64,
}

pub(crate) async fn totals(
    read: &mut PgConnection,
    workspace: WorkspaceId,
    link: LinkId,
) -> sqlx::Result<Totals> {
    sqlx::query_as!(
        Totals,
        r#"select coalesce(sum(clicks) filter (where not is_bot), 0)::bigint as "clicks!",
                  coalesce(sum(clicks) filter (where is_bot), 0)::bigint as "bots!"
             from click_rollup
            where link_id = $1 and workspace_id = $2"#,
        link.uuid(),
        workspace.uuid(),
    )
    .fetch_one(read)
    .await
}

pub(super) async fn of_workspace(
    read: &mut PgConnection,
    workspace: WorkspaceId,
    period: &Period,
) -> sqlx::Result<Vec<Counted>> {
    sqlx::query_as!(
        Counted,
        r#"select date_trunc($1, bucket, $2) as "start!", sum(clicks)::bigint as "clicks!"
             from click_rollup
            where workspace_id = $3 and bucket >= $4 and bucket < $5
              and ($6::bool is null or is_bot = $6)
            group by 1"#,
        period.interval.as_str(),
        period.zone,
        workspace.uuid(),
        period.from,
        period.to,
        period.is_bot,
    )
    .fetch_all(read)
    .await
}
