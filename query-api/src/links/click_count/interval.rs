//! The lengths into which a period is cut.

use time::{Duration, PrimitiveDateTime, Time};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interval {
    Hour,
    Day,
    Week,
    Month,
}

impl Interval {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        [Self::Hour, Self::Day, Self::Week, Self::Month]
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or("must be hour, day, week or month")
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The shortest that it ever is.
    pub(super) const fn length_min(self) -> Duration {
        match self {
            Self::Hour => Duration::hours(1),
            Self::Day => Duration::hours(23),
            Self::Week => Duration::hours(7 * 24 - 1),
            Self::Month => Duration::days(28),
        }
    }

    /// At least as long as it ever is, where clocks are changed at most once a day.
    pub(super) const fn length_max(self) -> Duration {
        match self {
            Self::Hour => Duration::hours(2),
            Self::Day => Duration::days(2),
            Self::Week => Duration::days(8),
            Self::Month => Duration::days(32),
        }
    }

    /// The beginning of the one in which clocks show `local`, as they would show it.
    pub(super) const fn begin(self, local: PrimitiveDateTime) -> PrimitiveDateTime {
        let midnight = local.replace_time(Time::MIDNIGHT);
        let days = match self {
            Self::Hour => return midnight.saturating_add(Duration::hours(local.hour() as i64)),
            Self::Day => 0,
            Self::Week => local.weekday().number_days_from_monday(),
            Self::Month => local.day() - 1,
        };
        midnight.saturating_sub(Duration::days(days as i64))
    }

    /// The beginning of the one behind that which begins there.
    pub(super) const fn next(self, begin: PrimitiveDateTime) -> PrimitiveDateTime {
        begin.saturating_add(match self {
            Self::Hour => Duration::HOUR,
            Self::Day => Duration::DAY,
            Self::Week => Duration::WEEK,
            Self::Month => Duration::days(begin.month().length(begin.year()) as i64),
        })
    }

    /// Whether another one begins when clocks show `local`; `latest` is the beginning of the latest one so far.
    ///
    /// A day that begins twice does so the first time. An hour does each time, but half of it is none of its own.
    pub(super) fn is_new(
        self,
        local: PrimitiveDateTime,
        latest: Option<PrimitiveDateTime>,
    ) -> bool {
        let begin = self.begin(local);
        match self {
            Self::Hour => local == begin || latest != Some(begin),
            Self::Day | Self::Week | Self::Month => latest < Some(begin),
        }
    }
}
