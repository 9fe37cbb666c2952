//! Where a live reader is.

use std::fmt;
use std::str::FromStr;

use nats::Incarnation;
use serde::{Serialize, Serializer};

/// One life of CLICKS, short enough to stand in every cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Log(u32);

/// A place on CLICKS; whoever is there has seen everything before it, and it.
///
/// Written `<sequence>.<index>-<log>`, or `<sequence>-<log>`; clients send it back as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) log: Log,
    /// The sequence of a message; 0 is before all of them.
    pub(super) sequence: u64,
    /// Which click of the message; after all of them if none.
    pub(super) index: Option<usize>,
}

/// The text is no cursor.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a cursor as a frame had it")]
pub(super) struct ParseCursorError;

impl Log {
    /// The last digits: those of a UUID are drawn by lot.
    pub(super) const fn of(incarnation: Incarnation) -> Self {
        let bytes = *incarnation.uuid().as_bytes();
        Self(u32::from_be_bytes([
            bytes[12], bytes[13], bytes[14], bytes[15],
        ]))
    }
}

impl Cursor {
    /// Behind all clicks of a message.
    pub(super) const fn behind(log: Log, sequence: u64) -> Self {
        Self {
            log,
            sequence,
            index: None,
        }
    }

    /// At a click.
    pub(super) const fn at(log: Log, sequence: u64, index: usize) -> Self {
        Self {
            log,
            sequence,
            index: Some(index),
        }
    }

    /// Whether who is here has seen what `other` has seen; both are of one log.
    pub(super) fn covers(self, other: Self) -> bool {
        let place = |it: Self| (it.sequence, it.index.unwrap_or(usize::MAX));
        place(self) >= place(other)
    }

    /// The first message of which something is still to be seen.
    pub(super) const fn next_sequence(self) -> u64 {
        match self.index {
            Some(_) => self.sequence,
            None => self.sequence.saturating_add(1),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Log(log) = self.log;
        match self.index {
            Some(index) => write!(f, "{}.{index}-{log:08x}", self.sequence),
            None => write!(f, "{}-{log:08x}", self.sequence),
        }
    }
}

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, ParseCursorError> {
        let (place, log) = text.split_once('-').ok_or(ParseCursorError)?;
        let log = Log(u32::from_str_radix(log, 16).map_err(|_| ParseCursorError)?);
        let number = |text: &str| text.parse().map_err(|_| ParseCursorError);
        let cursor = match place.split_once('.') {
            Some((sequence, index)) => {
                let index = usize::try_from(number(index)?).map_err(|_| ParseCursorError)?;
                Self::at(log, number(sequence)?, index)
            }
            None => Self::behind(log, number(place)?),
        };
        // One text for one place: no sign, no leading zero.
        if cursor.to_string() == text {
            Ok(cursor)
        } else {
            Err(ParseCursorError)
        }
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let log = Log::of(Incarnation::new(Uuid::from_u128(0xa_0000_00ff)));
        for (cursor, text) in [
            (Cursor::at(log, 17, 3), "17.3-000000ff"),
            (Cursor::behind(log, 17), "17-000000ff"),
            (Cursor::behind(log, 0), "0-000000ff"),
        ] {
            assert_eq!(
                (cursor.to_string().as_str(), text.parse()),
                (text, Ok(cursor))
            );
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in [
            "",
            "17",
            "17.3",
            "17.3-",
            "17.3-xyz",
            "-1-000000ff",
            "+1-000000ff",
            "017-000000ff",
            "17.3.1-000000ff",
            "17.3-ff",
            "18446744073709551616-000000ff",
            "17.3-000000FF",
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(ParseCursorError), "{text}");
        }
    }

    #[test]
    fn who_is_behind_a_message_has_seen_all_of_its_clicks() {
        let log = Log(1);
        let order = [
            Cursor::behind(log, 16),
            Cursor::at(log, 17, 0),
            Cursor::at(log, 17, 1),
            Cursor::behind(log, 17),
            Cursor::at(log, 18, 0),
        ];
        for (a, earlier) in order.iter().enumerate() {
            for (b, later) in order.iter().enumerate() {
                assert_eq!(later.covers(*earlier), b >= a, "{later} {earlier}");
            }
        }
        assert_eq!(order.map(Cursor::next_sequence), [17, 17, 17, 18, 18]);
    }
}
