//! The time that is asked for, and whether clicks of programs count.

use serde::Deserialize;
use service::body::Faults;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;
use time::{Date, Duration, OffsetDateTime, Time};
use utoipa::IntoParams;

/// Clicks are counted by quarter hours, since every zone's days start on one.
const QUARTER: Duration = Duration::minutes(15);
const DEFAULT_LENGTH: Duration = Duration::days(30);
/// Some zones had offsets with seconds before 1972, which RFC 3339 cannot write; no click is as old.
const FROM_MIN: OffsetDateTime = datetime!(2000-01-01 0:00 UTC);
const TO_MAX: OffsetDateTime = datetime!(3000-01-01 0:00 UTC);

/// The time, as it comes in the query.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskedSpan {
    /// The beginning, inclusive, in RFC 3339; 30 days before `to` unless said.
    /// Rounded down to a quarter hour.
    #[param(format = DateTime)]
    pub(super) from: Option<String>,
    /// The end, exclusive, in RFC 3339; now unless said.
    /// Rounded up to a quarter hour.
    #[param(format = DateTime)]
    pub(super) to: Option<String>,
    /// What becomes of the clicks of programs: `exclude` (unless said), `include`, or `only` those.
    pub(super) bots: Option<String>,
}

/// The time, in whole quarters of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: OffsetDateTime,
    pub(super) to: OffsetDateTime,
    /// Whether the clicks that count must, or must not, be those of programs.
    pub(super) is_bot: Option<bool>,
}

impl AskedSpan {
    /// Makes sense of it, or notes all that is wrong with it.
    pub(super) fn parse(&self, faults: &mut Faults, now: OffsetDateTime) -> Option<Span> {
        self.parse_since(faults, now, |to| (to - DEFAULT_LENGTH).max(FROM_MIN))
    }

    /// The same, of all time unless a beginning is said.
    pub(super) fn of_all_time(&self, faults: &mut Faults, now: OffsetDateTime) -> Option<Span> {
        self.parse_since(faults, now, |_| FROM_MIN)
    }

    fn parse_since(
        &self,
        faults: &mut Faults,
        now: OffsetDateTime,
        beginning: impl FnOnce(OffsetDateTime) -> OffsetDateTime,
    ) -> Option<Span> {
        let to = faults.take("/to", self.to.as_deref().map_or(Ok(now), parse_time));
        let from = faults.take("/from", self.from.as_deref().map(parse_time).transpose());
        let is_bot = faults.take("/bots", parse_bots(self.bots.as_deref()));
        let (to, from, is_bot) = (to?, from?, is_bot?);
        let from = from.unwrap_or_else(|| beginning(to));
        let span = Span {
            from: round_down(from),
            to: round_up(to),
            is_bot,
        };
        faults.take("/from", span.check())
    }
}

impl Span {
    fn check(self) -> Result<Self, &'static str> {
        if self.from < self.to {
            Ok(self)
        } else {
            Err("must be before `to`")
        }
    }

    /// From the beginning of the first to the end of the last; `None` if there are none.
    pub(super) fn over(spans: &[Self]) -> Option<Self> {
        let (first, last) = (spans.first()?, spans.last()?);
        Some(Self {
            to: last.to,
            ..*first
        })
    }

    /// The time of the same length just before.
    pub(super) fn before(self) -> Self {
        Self {
            from: self.from - (self.to - self.from),
            to: self.from,
            ..self
        }
    }

    /// Whether a click of that time counts.
    pub(super) fn counts(self, time: OffsetDateTime, is_bot: bool) -> bool {
        let is_within = self.from <= time && time < self.to;
        is_within && self.is_bot.is_none_or(|wanted| wanted == is_bot)
    }

    /// The whole days in UTC, if there are any, and what is left before and behind them.
    pub(super) fn days(self) -> (Option<Self>, Vec<Self>) {
        let (first, last) = (midnight_from(self.from), midnight(self.to.date()));
        if first >= last {
            return (None, vec![self]);
        }
        let part = |from, to| Self { from, to, ..self };
        let mut rest = vec![part(self.from, first), part(last, self.to)];
        rest.retain(|it| it.from < it.to);
        (Some(part(first, last)), rest)
    }
}

pub(super) const fn midnight(date: Date) -> OffsetDateTime {
    date.with_time(Time::MIDNIGHT).assume_utc()
}

/// The first midnight that isn't before.
fn midnight_from(time: OffsetDateTime) -> OffsetDateTime {
    let day = midnight(time.date());
    if day == time {
        day
    } else {
        day + Duration::DAY
    }
}

fn parse_time(text: &str) -> Result<OffsetDateTime, &'static str> {
    let time = OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "must be an RFC 3339 time such as 2026-11-21T00:00:00Z (a + in it is %2B)")?;
    if (FROM_MIN..=TO_MAX).contains(&time) {
        Ok(time.to_offset(time::UtcOffset::UTC))
    } else {
        Err("must be between the years 2000 and 3000")
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
    use time::macros::datetime;

    use super::{AskedSpan, FROM_MIN, Faults, Span};

    const fn span(from: time::OffsetDateTime, to: time::OffsetDateTime) -> Span {
        Span {
            from,
            to,
            is_bot: None,
        }
    }

    #[test]
    fn a_span_is_whole_days_and_what_is_left_of_others() {
        let (whole, rest) = span(
            datetime!(2026-11-19 22:45 UTC),
            datetime!(2026-11-22 0:15 UTC),
        )
        .days();
        let days = span(
            datetime!(2026-11-20 0:00 UTC),
            datetime!(2026-11-22 0:00 UTC),
        );
        let before = span(datetime!(2026-11-19 22:45 UTC), days.from);
        let behind = span(days.to, datetime!(2026-11-22 0:15 UTC));
        assert_eq!((whole, rest), (Some(days), vec![before, behind]));
        assert_eq!(days.days(), (Some(days), Vec::new()));
        let parts = span(
            datetime!(2026-11-20 0:15 UTC),
            datetime!(2026-11-21 23:45 UTC),
        );
        assert_eq!(parts.days(), (None, vec![parts]));
    }

    #[test]
    fn all_time_begins_at_the_first_however_late_it_ends() {
        let asked = AskedSpan {
            to: Some("2999-12-31T00:00:00Z".to_owned()),
            ..AskedSpan::default()
        };
        let (mut faults, now) = (Faults::default(), datetime!(2026-11-21 0:00 UTC));
        let all = asked.of_all_time(&mut faults, now).unwrap();
        assert_eq!(
            (all.from, all.to),
            (FROM_MIN, datetime!(2999-12-31 0:00 UTC))
        );
    }

    #[test]
    fn the_time_before_is_as_long() {
        let day = span(
            datetime!(2026-11-20 0:00 UTC),
            datetime!(2026-11-21 0:00 UTC),
        );
        assert_eq!(day.before(), span(datetime!(2026-11-19 0:00 UTC), day.from));
    }
}
