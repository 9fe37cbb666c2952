//! What of a series is counted by whole days, and what by quarters of an hour.

use super::span::Span;

/// The parts of a series' time, each in order.
///
/// A day's sketch takes the place of 96 of its quarters', so wherever a day in UTC lies within one interval,
/// it is counted whole.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Grains {
    pub(super) days: Vec<Span>,
    pub(super) quarters: Vec<Span>,
}

impl Grains {
    /// Of intervals that follow each other.
    pub(super) fn of(intervals: impl Iterator<Item = Span>) -> Self {
        let mut grains = Self::default();
        for interval in intervals {
            let (days, rest) = interval.days();
            if let Some(part) = days {
                join(&mut grains.days, part);
            }
            for part in rest {
                join(&mut grains.quarters, part);
            }
        }
        grains
    }
}

/// What begins where the last one ends makes that longer.
fn join(spans: &mut Vec<Span>, next: Span) {
    match spans.last_mut() {
        Some(last) if last.to == next.from => last.to = next.to,
        _ => spans.push(next),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use time::{Duration, OffsetDateTime};

    use super::{Grains, Span};

    const NIGHT: OffsetDateTime = datetime!(2026-11-20 22:00 UTC);
    const MIDNIGHT: OffsetDateTime = datetime!(2026-11-21 0:00 UTC);

    const fn span(from: OffsetDateTime, to: OffsetDateTime) -> Span {
        Span {
            from,
            to,
            is_bot: None,
        }
    }

    /// Intervals of so many days each.
    fn cut(first: OffsetDateTime, days: i64, count: i32) -> Grains {
        let length = Duration::days(days);
        Grains::of((0..count).map(|number| {
            let from = first + length * number;
            span(from, from + length)
        }))
    }

    #[test]
    fn days_in_utc_are_counted_whole_in_one_go() {
        let grains = cut(MIDNIGHT, 1, 30);
        assert_eq!(grains.days, [span(MIDNIGHT, MIDNIGHT + Duration::days(30))]);
        assert_eq!(grains.quarters, []);
    }

    #[test]
    fn days_elsewhere_are_counted_by_the_quarter_of_an_hour() {
        let grains = cut(NIGHT, 1, 30);
        assert_eq!(grains.days, []);
        assert_eq!(grains.quarters, [span(NIGHT, NIGHT + Duration::days(30))]);
    }

    #[test]
    fn of_weeks_elsewhere_only_the_days_are_cut_in_which_they_begin() {
        let grains = cut(NIGHT, 7, 2);
        let week = Duration::WEEK;
        let (second, third) = (NIGHT + week, NIGHT + week * 2);
        let midnight = |weeks: i32| MIDNIGHT + week * weeks;
        let days = [
            span(MIDNIGHT, midnight(1) - Duration::DAY),
            span(midnight(1), midnight(2) - Duration::DAY),
        ];
        assert_eq!(grains.days, days);
        let quarters = [
            span(NIGHT, MIDNIGHT),
            span(second - Duration::hours(22), midnight(1)),
            span(third - Duration::hours(22), third),
        ];
        assert_eq!(grains.quarters, quarters);
    }
}
