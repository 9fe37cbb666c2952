//! The time that a series is asked for, and how it is cut.

use std::fmt;

use serde::Deserialize;
use service::body::Faults;
use service::problem::Problem;
use time::OffsetDateTime;
use utoipa::IntoParams;

use super::interval::Interval;
use super::span::{AskedSpan, Span};
use super::zone;

/// The most points of one series.
const POINTS_MAX: i64 = 1_500;

/// How the time is cut, as it comes in the query.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskedCut {
    /// `hour`, `day` (unless said), `week` (from Monday) or `month`.
    interval: Option<String>,
    /// The IANA name of the time zone whose days are counted, such as `Europe/Berlin`; `UTC` unless said.
    tz: Option<String>,
    /// `previous`: also count the time of the same length just before.
    compare: Option<String>,
}

/// What is asked, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) span: Span,
    pub(super) interval: Interval,
    pub(super) zone: String,
    /// Whether the time just before is counted, too.
    pub(super) is_compared: bool,
}

impl Period {
    /// Makes sense of what is asked, or says all that is wrong with it, beside what was found before.
    pub(super) fn parse(
        mut faults: Faults,
        span: &AskedSpan,
        cut: &AskedCut,
        now: OffsetDateTime,
    ) -> Result<Self, Problem> {
        let span = span.parse(&mut faults, now);
        let interval = cut
            .interval
            .as_deref()
            .map_or(Ok(Interval::Day), Interval::parse);
        let interval = faults.take("/interval", interval);
        let zone = faults.take("/tz", zone::parse(cut.tz.as_deref().unwrap_or("UTC")));
        let is_compared = faults.take("/compare", parse_compare(cut.compare.as_deref()));
        let (Some(span), Some(interval), Some(zone), Some(is_compared)) =
            (span, interval, zone, is_compared)
        else {
            return Err(faults.into());
        };
        let period = Self {
            span,
            interval,
            zone,
            is_compared,
        };
        faults.take("/from", period.check());
        faults.finish()?;
        Ok(period)
    }

    fn check(&self) -> Result<(), TooMany> {
        // Both ends may be cut off.
        let length = self.span.to - self.span.from;
        let points = length.whole_minutes() / self.interval.length_min().whole_minutes() + 2;
        if points > POINTS_MAX {
            Err(TooMany)
        } else {
            Ok(())
        }
    }
}

struct TooMany;

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "makes more than {POINTS_MAX} points: ask for a shorter time or a longer interval"
        )
    }
}

fn parse_compare(text: Option<&str>) -> Result<bool, &'static str> {
    match text {
        None => Ok(false),
        Some("previous") => Ok(true),
        Some(_) => Err("must be previous"),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-21 10:07:30.5 UTC);

    fn asked(from: &str, to: &str, interval: &str) -> Result<Period, Problem> {
        let span = AskedSpan {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            bots: None,
        };
        let cut = AskedCut {
            interval: Some(interval.to_owned()),
            ..AskedCut::default()
        };
        Period::parse(Faults::default(), &span, &cut, NOW)
    }

    #[test]
    fn nothing_said_means_the_last_thirty_days_by_day_without_bots() {
        let period = Period {
            span: Span {
                from: datetime!(2026-10-22 10:00 UTC),
                to: datetime!(2026-11-21 10:15 UTC),
                is_bot: Some(false),
            },
            interval: Interval::Day,
            zone: "Etc/UTC".to_owned(),
            is_compared: false,
        };
        let (span, cut) = (AskedSpan::default(), AskedCut::default());
        let asked = Period::parse(Faults::default(), &span, &cut, NOW);
        assert_eq!(asked.unwrap(), period);
    }

    #[test]
    fn whole_quarters_stay_as_they_are() {
        let (from, to) = ("2026-11-21T00:00:00+05:45", "2026-11-22T00:00:00+05:45");
        let span = asked(from, to, "hour").unwrap().span;
        assert_eq!(span.from, datetime!(2026-11-20 18:15 UTC));
        assert_eq!(span.to, datetime!(2026-11-21 18:15 UTC));
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let span = AskedSpan {
            from: Some("9999-12-31T23:59:59-23:59".to_owned()),
            to: Some("tomorrow".to_owned()),
            bots: Some("maybe".to_owned()),
        };
        let cut = AskedCut {
            interval: Some("year".to_owned()),
            tz: Some("EST5EDT,M3.2.0/2".to_owned()),
            compare: Some("next".to_owned()),
        };
        let mut before = Faults::default();
        before.add("/city", "is longer than 255 bytes");
        let problem = Period::parse(before, &span, &cut, NOW).unwrap_err();
        let problem = format!("{problem:?}");
        for pointer in [
            "/city",
            "/from",
            "/to",
            "/interval",
            "/tz",
            "/bots",
            "/compare",
        ] {
            assert!(
                problem.contains(pointer),
                "{pointer} is missing in {problem}"
            );
        }
    }

    #[test]
    fn a_series_is_bounded_and_not_empty() {
        let good = [("2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", "hour")];
        let bad = [
            ("2026-01-01T00:00:00Z", "2026-03-31T00:00:00Z", "hour"),
            ("2021-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "day"),
            ("2000-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "month"),
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "day"),
            ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "day"),
        ];
        assert!(
            good.iter()
                .all(|(from, to, interval)| asked(from, to, interval).is_ok())
        );
        assert!(
            bad.iter()
                .all(|(from, to, interval)| asked(from, to, interval).is_err())
        );
    }
}
