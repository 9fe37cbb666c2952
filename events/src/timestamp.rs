//! Points in time: UTC, to the microsecond, since that is what Postgres keeps.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

/// The first that RFC 3339 can write.
const FIRST: OffsetDateTime = datetime!(0000-01-01 0:00 UTC);

/// A point in time in UTC, cut to whole microseconds, written as RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(OffsetDateTime);

/// The text is no RFC 3339 time.
#[derive(Debug, thiserror::Error)]
#[error("must be an RFC 3339 time such as 2026-11-21T00:00:00Z")]
pub struct ParseTimestampError(#[source] time::error::Parse);

impl Timestamp {
    /// Takes a time in any zone; what is finer than a microsecond is cut off.
    ///
    /// A time that RFC 3339 can't write in UTC, within a day of the years 0 and 9999, becomes the nearest that it can.
    #[must_use]
    pub fn new(time: OffsetDateTime) -> Self {
        let utc = match time.checked_to_offset(UtcOffset::UTC) {
            Some(utc) => utc.max(FIRST),
            None if time.year() <= 0 => FIRST,
            None => PrimitiveDateTime::MAX.assume_utc(),
        };
        Self(
            utc.replace_nanosecond(utc.nanosecond() / 1_000 * 1_000)
                .unwrap_or(utc),
        )
    }

    /// The same time, for a driver's parameter or for arithmetic.
    #[must_use]
    pub const fn odt(self) -> OffsetDateTime {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        OffsetDateTime::parse(text, &Rfc3339)
            .map(Self::new)
            .map_err(ParseTimestampError)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        time::serde::rfc3339::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text)
    }
}

/// Reads it where it stands, without a copy.
struct Text;

impl Visitor<'_> for Text {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an RFC 3339 time")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(E::custom)
    }
}

impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn another_zone_is_told_in_utc_to_the_microsecond() {
        let time: Timestamp = "2026-11-21T10:00:00.123456789+05:45".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-21T04:15:00.123456Z");
    }

    #[test]
    fn the_ends_of_time_make_nobody_fall_over() {
        let time: Timestamp = "9999-12-31T23:59:59-12:00".parse().unwrap();
        assert_eq!(time.to_string(), "9999-12-31T23:59:59.999999Z");
        let time: Timestamp = "0000-01-01T00:00:00+23:59".parse().unwrap();
        assert_eq!(serde_json::to_value(time).unwrap(), "0000-01-01T00:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        assert!("yesterday".parse::<Timestamp>().is_err());
    }
}
