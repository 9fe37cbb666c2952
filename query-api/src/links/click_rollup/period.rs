//! The time that statistics are asked for, and how it is cut.

use std::fmt;

use serde::Deserialize;
use service::body::Faults;
use service::problem::Problem;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use utoipa::IntoParams;

use super::interval::Interval;

/// The most points of one series.
const POINTS_MAX: i64 = 1_500;
/// No IANA zone has a longer name.
const ZONE_CHARS_MAX: usize = 64;
/// Clicks are counted by quarter hours, since every zone's days start on one.
const QUARTER: Duration = Duration::minutes(15);
const DEFAULT_LENGTH: Duration = Duration::days(30);
/// Some zones had offsets with seconds before 1972, which RFC 3339 cannot write; no click is as old.
const FROM_MIN: OffsetDateTime = datetime!(2000-01-01 0:00 UTC);
const TO_MAX: OffsetDateTime = datetime!(3000-01-01 0:00 UTC);

/// What is asked, as it comes in the query.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// The beginning, inclusive, in RFC 3339; 30 days before `to` unless said.
    /// Rounded down to a quarter hour.
    #[param(format = DateTime)]
    from: Option<String>,
    /// The end, exclusive, in RFC 3339; now unless said.
    /// Rounded up to a quarter hour.
    #[param(format = DateTime)]
    to: Option<String>,
    /// `hour`, `day` (unless said), `week` (from Monday) or `month`.
    interval: Option<String>,
    /// The IANA name of the time zone whose days are counted, such as `Europe/Berlin`; `UTC` unless said.
    tz: Option<String>,
    /// What becomes of the clicks of programs: `exclude` (unless said), `include`, or `only` those.
    bots: Option<String>,
}

/// What is asked, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) from: OffsetDateTime,
    pub(super) to: OffsetDateTime,
    pub(super) interval: Interval,
    pub(super) zone: String,
    /// Whether the clicks that count must, or must not, be those of programs.
    pub(super) is_bot: Option<bool>,
}

impl Asked {
    /// Makes sense of it, or says all that is wrong with it.
    pub(super) fn parse(&self, now: OffsetDateTime) -> Result<Period, Problem> {
        let mut faults = Faults::default();
        let to = faults.take("/to", self.to.as_deref().map_or(Ok(now), parse_time));
        let from = faults.take("/from", self.from.as_deref().map(parse_time).transpose());
        let interval = self
            .interval
            .as_deref()
            .map_or(Ok(Interval::Day), Interval::parse);
        let interval = faults.take("/interval", interval);
        let zone = faults.take("/tz", parse_zone(self.tz.as_deref().unwrap_or("UTC")));
        let is_bot = faults.take("/bots", parse_bots(self.bots.as_deref()));
        let (Some(to), Some(from), Some(interval), Some(zone), Some(is_bot)) =
            (to, from, interval, zone, is_bot)
        else {
            return Err(faults.into());
        };
        let from = round_down(from.unwrap_or(to - DEFAULT_LENGTH));
        let period = Period {
            from,
            to: round_up(to),
            interval,
            zone,
            is_bot,
        };
        faults.take("/from", period.check());
        faults.finish()?;
        Ok(period)
    }
}

impl Period {
    fn check(&self) -> Result<(), Fault> {
        if self.from >= self.to {
            return Err(Fault::Empty);
        }
        // Both ends may be cut off.
        let points =
            (self.to - self.from).whole_minutes() / self.interval.length_min().whole_minutes() + 2;
        if points > POINTS_MAX {
            Err(Fault::TooMany)
        } else {
            Ok(())
        }
    }
}

enum Fault {
    Empty,
    TooMany,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("must be before `to`"),
            Self::TooMany => write!(
                f,
                "makes more than {POINTS_MAX} points: ask for a shorter time or a longer interval"
            ),
        }
    }
}

fn parse_time(text: &str) -> Result<OffsetDateTime, &'static str> {
    let time = OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "must be an RFC 3339 time such as 2026-11-21T00:00:00Z (a + in it is %2B)")?;
    if (FROM_MIN..=TO_MAX).contains(&time) {
        Ok(time)
    } else {
        Err("must be between the years 2000 and 3000")
    }
}

/// Postgres also takes POSIX rules and abbreviations, whose signs and seasons surprise: only places pass here.
fn parse_zone(text: &str) -> Result<String, &'static str> {
    let is_named = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
    let is_place = text == "UTC" || (text.contains('/') && text.bytes().all(is_named));
    if is_place && text.len() <= ZONE_CHARS_MAX {
        Ok(text.to_owned())
    } else {
        Err("must be an IANA time zone such as Europe/Berlin, or UTC")
    }
}

fn parse_bots(text: Option<&str>) -> Result<Option<bool>, &'static str> {
    match text {
        None | Some("exclude") => Ok(Some(false)),
        Some("only") => Ok(Some(true)),
        Some("include") => Ok(None),
        Some(_) => Err("must be exclude, include or only"),
    }
}

fn round_down(time: OffsetDateTime) -> OffsetDateTime {
    time - past_quarter(time)
}

fn round_up(time: OffsetDateTime) -> OffsetDateTime {
    let past = past_quarter(time);
    if past.is_zero() {
        time
    } else {
        time - past + QUARTER
    }
}

fn past_quarter(time: OffsetDateTime) -> Duration {
    let past_seconds = time.unix_timestamp().rem_euclid(QUARTER.whole_seconds());
    Duration::new(past_seconds, i32::try_from(time.nanosecond()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-21 10:07:30.5 UTC);

    fn asked(from: &str, to: &str, interval: &str) -> Asked {
        Asked {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            interval: Some(interval.to_owned()),
            ..Asked::default()
        }
    }

    #[test]
    fn nothing_said_means_the_last_thirty_days_by_day_without_bots() {
        let period = Period {
            from: datetime!(2026-10-22 10:00 UTC),
            to: datetime!(2026-11-21 10:15 UTC),
            interval: Interval::Day,
            zone: "UTC".to_owned(),
            is_bot: Some(false),
        };
        assert_eq!(Asked::default().parse(NOW).unwrap(), period);
    }

    #[test]
    fn whole_quarters_stay_as_they_are() {
        let period = asked(
            "2026-11-21T00:00:00+05:45",
            "2026-11-22T00:00:00+05:45",
            "hour",
        )
        .parse(NOW)
        .unwrap();
        assert_eq!(period.from, datetime!(2026-11-20 18:15 UTC));
        assert_eq!(period.to, datetime!(2026-11-21 18:15 UTC));
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let asked = Asked {
            from: Some("9999-12-31T23:59:59-23:59".to_owned()),
            to: Some("tomorrow".to_owned()),
            interval: Some("year".to_owned()),
            tz: Some("EST5EDT,M3.2.0/2".to_owned()),
            bots: Some("maybe".to_owned()),
        };
        let problem = format!("{:?}", asked.parse(NOW).unwrap_err());
        for pointer in ["/from", "/to", "/interval", "/tz", "/bots"] {
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
                .all(|(from, to, interval)| asked(from, to, interval).parse(NOW).is_ok())
        );
        assert!(
            bad.iter()
                .all(|(from, to, interval)| asked(from, to, interval).parse(NOW).is_err())
        );
    }
}
