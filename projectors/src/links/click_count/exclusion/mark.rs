//! Marking the raw clicks that an exclusion turns, month by month and day by day.

use std::collections::HashSet;
use std::ops::Range;

use events::{ExclusionId, WorkspaceId};
use sqlx::PgConnection;
use time::{Date, Duration, OffsetDateTime, Time};
use uuid::Uuid;

use super::recount::recount;
use crate::links::click_count::partition;
use crate::projection::{ApplyError, Steps};

/// What becomes of the clicks that fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// They do not count any more.
    Exclude,
    /// They count again, unless another exclusion means them.
    Include,
}

/// A change of what is excluded; the exclusion stands in its table.
pub(super) struct Change<'s> {
    pub(super) id: ExclusionId,
    pub(super) workspace: WorkspaceId,
    pub(super) turn: Turn,
    /// Clicks of before that are not touched.
    pub(super) kept_since: Option<OffsetDateTime>,
    pub(super) steps: &'s Steps,
}

/// What the exclusion means to a day.
struct Fitting {
    day: Date,
    clicks: i64,
    /// How many of them are to be turned.
    turning: i64,
}

impl Change<'_> {
    /// Marks all that fits, and counts the days anew; tells how many clicks fit.
    pub(super) async fn make(&self, tx: &mut PgConnection) -> Result<i64, ApplyError> {
        let mut fitting = 0;
        for month in partition::months(tx).await? {
            for it in self.days(tx, month).await? {
                if self.turn_day(tx, &it).await? {
                    fitting += it.clicks;
                }
            }
        }
        Ok(fitting)
    }

    /// The days of the month with clicks that fit.
    async fn days(
        &self,
        tx: &mut PgConnection,
        month: (OffsetDateTime, OffsetDateTime),
    ) -> Result<Vec<Fitting>, sqlx::Error> {
        let from = self.kept_since.map_or(month.0, |it| it.max(month.0));
        let mut all = Vec::new();
        for part in parts(from..month.1, Duration::DAY) {
            all.extend(self.day(tx, part).await?);
            self.steps.done();
        }
        Ok(all)
    }

    /// What fits of a day, or of a part of it.
    async fn day(
        &self,
        tx: &mut PgConnection,
        part: Range<OffsetDateTime>,
    ) -> Result<Vec<Fitting>, sqlx::Error> {
        sqlx::query_as!(
            Fitting,
            r#"select (it.occurred_at at time zone 'UTC')::date as "day!", count(*) as "clicks!",
                      count(*) filter (where it.is_excluded <> $5) as "turning!"
                 from click_exclusion exclusion join click_record it on it.workspace_id = exclusion.workspace_id
                where exclusion.exclusion_id = $1 and it.workspace_id = $2
                  and it.occurred_at >= $3 and it.occurred_at < $4
                  and it.occurred_at >= coalesce(exclusion.from_at, $3)
                  and it.occurred_at < coalesce(exclusion.to_at, $4)
                  and excludes(exclusion, it.link_id, it.occurred_at, it.network, it.browser, it.os, it.device,
                               it.is_bot)
                group by 1 order by 1"#,
            self.id.uuid(),
            self.workspace.uuid(),
            part.start,
            part.end,
            self.turn == Turn::Exclude,
        )
        .fetch_all(tx)
        .await
    }

    /// Whether the day could be touched.
    async fn turn_day(&self, tx: &mut PgConnection, it: &Fitting) -> Result<bool, ApplyError> {
        if it.turning == 0 {
            return Ok(true);
        }
        let day = Day::of(self.workspace, it.day);
        if !day.is_whole(tx).await? {
            tracing::warn!(workspace = %self.workspace, day = %it.day, "raw clicks are missing, so the day stays as it was counted");
            return Ok(false);
        }
        self.steps.done();
        let mut links = HashSet::new();
        for hour in parts(day.from..day.to, Duration::HOUR) {
            links.extend(match self.turn {
                Turn::Exclude => self.exclude(tx, hour).await?,
                Turn::Include => self.include(tx, hour).await?,
            });
            self.steps.done();
        }
        if !links.is_empty() {
            recount(tx, &day, &links, self.steps).await?;
        }
        Ok(true)
    }

    /// The links of the clicks that were turned.
    async fn exclude(
        &self,
        tx: &mut PgConnection,
        part: Range<OffsetDateTime>,
    ) -> sqlx::Result<Vec<Uuid>> {
        sqlx::query_scalar!(
            r#"with turned as (
                   update click_record it set is_excluded = true from click_exclusion exclusion
                    where exclusion.exclusion_id = $1 and it.workspace_id = $2
                      and it.occurred_at >= $3 and it.occurred_at < $4 and not it.is_excluded
                      and excludes(exclusion, it.link_id, it.occurred_at, it.network, it.browser, it.os,
                                   it.device, it.is_bot)
                   returning it.link_id
               ) select distinct link_id as "link_id!" from turned"#,
            self.id.uuid(),
            self.workspace.uuid(),
            part.start,
            part.end,
        )
        .fetch_all(tx)
        .await
    }

    /// The links of the clicks that were turned.
    async fn include(
        &self,
        tx: &mut PgConnection,
        part: Range<OffsetDateTime>,
    ) -> sqlx::Result<Vec<Uuid>> {
        sqlx::query_scalar!(
            r#"with turned as (
                   update click_record it set is_excluded = false from click_exclusion exclusion
                    where exclusion.exclusion_id = $1 and it.workspace_id = $2
                      and it.occurred_at >= $3 and it.occurred_at < $4 and it.is_excluded
                      and excludes(exclusion, it.link_id, it.occurred_at, it.network, it.browser, it.os,
                                   it.device, it.is_bot)
                      and not exists (
                          select from click_exclusion other
                           where other.workspace_id = $2 and other.exclusion_id <> $1
                             and excludes(other, it.link_id, it.occurred_at, it.network, it.browser,
                                          it.os, it.device, it.is_bot)
                      )
                   returning it.link_id
               ) select distinct link_id as "link_id!" from turned"#,
            self.id.uuid(),
            self.workspace.uuid(),
            part.start,
            part.end,
        )
        .fetch_all(tx)
        .await
    }
}

/// The time in parts of so long at most, which end where the clock strikes.
///
/// Each is looked through or marked in one step, and a step must end in time.
fn parts(
    time: Range<OffsetDateTime>,
    length: Duration,
) -> impl Iterator<Item = Range<OffsetDateTime>> {
    let seconds = length.whole_seconds();
    let end_of = move |at: OffsetDateTime| {
        let over = Duration::seconds(at.unix_timestamp().rem_euclid(seconds));
        (at - over - Duration::nanoseconds(at.nanosecond().into()) + length).min(time.end)
    };
    let starts = std::iter::successors(Some(time.start), move |at| Some(end_of(*at)));
    starts
        .take_while(move |at| *at < time.end)
        .map(move |at| at..end_of(at))
}

/// A day of a workspace.
pub(super) struct Day {
    pub(super) workspace: WorkspaceId,
    pub(super) date: Date,
    pub(super) from: OffsetDateTime,
    pub(super) to: OffsetDateTime,
}

impl Day {
    fn of(workspace: WorkspaceId, date: Date) -> Self {
        let from = date.with_time(Time::MIDNIGHT).assume_utc();
        Self {
            workspace,
            date,
            from,
            to: from + Duration::DAY,
        }
    }

    /// Whether all clicks that are counted are there to be counted again.
    ///
    /// They are, unless somebody dropped partitions by hand, or kept raw clicks for a shorter time before.
    async fn is_whole(&self, tx: &mut PgConnection) -> sqlx::Result<bool> {
        sqlx::query_scalar!(
            r#"select (
                   select count(*) from click_record
                    where workspace_id = $1 and occurred_at >= $2 and occurred_at < $3 and not is_excluded
               ) = coalesce((
                   select clicks from click_count where scope_id = $1 and day = $4
               ), 0) as "is_whole!""#,
            self.workspace.uuid(),
            self.from,
            self.to,
            self.date,
        )
        .fetch_one(tx)
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::parts;
    use time::macros::datetime;
    use time::{Duration, OffsetDateTime};

    fn lengths(from: OffsetDateTime, to: OffsetDateTime, length: Duration) -> Vec<Duration> {
        let parts: Vec<_> = parts(from..to, length).collect();
        assert_eq!(parts.first().map(|it| it.start), Some(from));
        assert_eq!(parts.last().map(|it| it.end), Some(to));
        assert!(parts.windows(2).all(|it| it[0].end == it[1].start));
        parts.iter().map(|it| it.end - it.start).collect()
    }

    #[test]
    fn a_day_has_twenty_four_hours() {
        let (from, to) = (
            datetime!(2026-11-21 0:00 UTC),
            datetime!(2026-11-22 0:00 UTC),
        );
        assert_eq!(lengths(from, to, Duration::HOUR), [Duration::HOUR; 24]);
    }

    #[test]
    fn what_begins_in_the_middle_ends_where_the_clock_strikes() {
        let (from, to) = (
            datetime!(2026-11-21 23:59:59.5 UTC),
            datetime!(2026-11-23 6:00 UTC),
        );
        assert_eq!(
            lengths(from, to, Duration::DAY),
            [
                Duration::milliseconds(500),
                Duration::DAY,
                Duration::hours(6)
            ]
        );
    }

    #[test]
    fn of_no_time_there_is_no_part() {
        let at = datetime!(2026-11-21 0:00 UTC);
        assert_eq!(parts(at..at, Duration::DAY).count(), 0);
    }
}
