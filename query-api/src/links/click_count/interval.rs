//! The lengths into which a period is cut.

use time::Duration;

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

    /// Also the word that Postgres's `date_trunc` knows.
    pub(super) const fn as_str(self) -> &'static str {
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

    /// Whoever walks a period by such steps sets foot in every interval of it, also where clocks change.
    pub(super) const fn step_minutes(self) -> i32 {
        match self {
            Self::Hour => 15,
            Self::Day => 12 * 60,
            Self::Week => 3 * 24 * 60,
            Self::Month => 14 * 24 * 60,
        }
    }
}
