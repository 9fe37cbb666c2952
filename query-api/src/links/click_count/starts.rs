//! Where the intervals of a series start.

use service::problem::Problem;
use sqlx::PgConnection;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::clock::{self, Stretch};
use super::interval::Interval;
use super::period::Period;
use super::span::Span;

/// The start of every interval of the period, and how it is written in the asked zone.
pub(super) async fn of(
    read: &mut PgConnection,
    period: &Period,
) -> Result<Vec<(OffsetDateTime, String)>, Problem> {
    let (span, interval) = (period.span, period.interval);
    let from = span.from - interval.length_max();
    let clock = clock::of(read, &period.zone, from, span.to).await?;
    let written = |start: OffsetDateTime| {
        let text = start.format(&Rfc3339).map_err(|_| clock::unknown_zone())?;
        Ok((start.to_offset(UtcOffset::UTC), text))
    };
    starts(interval, &clock, span)
        .into_iter()
        .map(written)
        .collect()
}

/// The starts in order: that of the interval in which the span begins, and those of all others in it.
///
/// The clock begins so early that the first interval does, too.
fn starts(interval: Interval, clock: &[Stretch], span: Span) -> Vec<OffsetDateTime> {
    let mut starts = Vec::new();
    let mut latest = None;
    let ends = clock.iter().skip(1).map(|next| next.since.min(span.to));
    for (stretch, end) in clock.iter().zip(ends.chain([span.to])) {
        let mut time = stretch.since;
        while time < end {
            let local = stretch.local(time);
            let begin = interval.begin(local);
            if interval.is_new(local, latest) {
                starts.push(time.to_offset(stretch.offset));
                latest = Some(begin);
            }
            time = stretch.time(interval.next(begin));
        }
    }
    let until_first = starts.partition_point(|start| *start <= span.from);
    starts.drain(..until_first.saturating_sub(1));
    starts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;
    use time::{Duration, PrimitiveDateTime};

    use super::*;

    const QUARTER: Duration = Duration::minutes(15);
    const BEGIN: OffsetDateTime = datetime!(2026-01-01 0:00 UTC);
    const INTERVALS: [Interval; 4] = [
        Interval::Hour,
        Interval::Day,
        Interval::Week,
        Interval::Month,
    ];

    /// Clocks that are changed now and then, at most once a day, by some quarters of an hour.
    fn clocks() -> impl Strategy<Value = Vec<Stretch>> {
        let change = (96..4_000_i32, -8..=8_i32);
        let changes = proptest::collection::vec(change, 0..5);
        (-44..=50_i32, changes).prop_map(|(first, changes)| {
            let (mut since, mut quarters) = (BEGIN, first);
            let mut clock = vec![stretch(since, quarters)];
            for (after, change) in changes {
                since += QUARTER * after;
                quarters += change;
                clock.push(stretch(since, quarters));
            }
            clock.dedup_by_key(|it| it.offset);
            clock
        })
    }

    fn stretch(since: OffsetDateTime, quarters: i32) -> Stretch {
        Stretch {
            since,
            offset: UtcOffset::from_whole_seconds(quarters * 900).unwrap(),
        }
    }

    fn shown(clock: &[Stretch], time: OffsetDateTime) -> PrimitiveDateTime {
        let begun = clock.partition_point(|it| it.since <= time);
        clock[begun - 1].local(time)
    }

    /// Looks at every quarter of an hour: what it shows, and what was shown before.
    fn walked(interval: Interval, clock: &[Stretch], span: Span) -> Vec<OffsetDateTime> {
        let (mut time, mut starts) = (BEGIN, vec![BEGIN]);
        let mut latest = interval.begin(shown(clock, time));
        loop {
            let before = interval.begin(shown(clock, time));
            time += QUARTER;
            if time >= span.to {
                break;
            }
            let local = shown(clock, time);
            let begin = interval.begin(local);
            let is_new = match interval {
                Interval::Hour => local == begin || begin != before,
                Interval::Day | Interval::Week | Interval::Month => begin > latest,
            };
            latest = latest.max(begin);
            if is_new {
                starts.push(time);
            }
        }
        let last_before = *starts.iter().rfind(|it| **it <= span.from).unwrap();
        starts.retain(|it| *it >= last_before);
        starts
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn every_moment_lies_in_one_interval_whatever_clocks_do(
            clock in clocks(),
            (from, length) in (0..6_000_i32, 1..6_000_i32),
        ) {
            for interval in INTERVALS {
                let from = BEGIN + interval.length_max() + QUARTER * from;
                let span = Span { from, to: from + QUARTER * length, is_bot: None };
                let starts = starts(interval, &clock, span);
                prop_assert!(starts[0] <= span.from && span.from < starts.get(1).copied().unwrap_or(span.to));
                prop_assert!(starts.windows(2).all(|it| it[0] < it[1] && it[1] - it[0] <= interval.length_max()));
                prop_assert!(starts[starts.len() - 1] < span.to);
                prop_assert_eq!(&starts, &walked(interval, &clock, span));
            }
        }
    }
}
