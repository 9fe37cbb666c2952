//! Where something stands on the log: a stream and a sequence in it.

use std::fmt;
use std::str::FromStr;

/// One of the log's streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamName {
    /// Users, sessions, workspaces, API keys.
    Core,
    /// Assets.
    Media,
    /// Links and domains.
    Links,
    /// Clicks, in batches.
    Clicks,
}

impl StreamName {
    /// Every stream.
    pub const ALL: [Self; 4] = [Self::Core, Self::Media, Self::Links, Self::Clicks];

    /// The stream's name in the broker.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Core => "CORE",
            Self::Media => "MEDIA",
            Self::Links => "LINKS",
            Self::Clicks => "CLICKS",
        }
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A stream and a sequence in it: an event stands there, or a reader has come that far.
///
/// Written `LINKS:17`.
/// Only meaningful together with the stream's incarnation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The stream.
    pub stream: StreamName,
    /// The broker's sequence in the stream; the first message has 1, and 0 is before all.
    pub sequence: u64,
}

/// The text is no position.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a position of the form STREAM:sequence, with a stream of CORE, MEDIA, LINKS or CLICKS"
)]
pub struct ParsePositionError;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.stream, self.sequence)
    }
}

impl FromStr for StreamName {
    type Err = ParsePositionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|stream| stream.as_str() == text)
            .ok_or(ParsePositionError)
    }
}

impl FromStr for Position {
    type Err = ParsePositionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (stream, sequence) = text.split_once(':').ok_or(ParsePositionError)?;
        if !sequence.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ParsePositionError);
        }
        Ok(Self {
            stream: stream.parse()?,
            sequence: sequence.parse().map_err(|_| ParsePositionError)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Position, StreamName};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_position_is_read_as_it_was_written(sequence: u64, index in 0..4_usize) {
            let position = Position { stream: StreamName::ALL[index], sequence };
            prop_assert_eq!(position.to_string().parse(), Ok(position));
        }
    }

    #[test]
    fn what_is_no_position_is_refused() {
        for text in [
            "",
            "LINKS",
            "LINKS:",
            "LINKS:-1",
            "LINKS:+1",
            "links:1",
            "LINKS:1:2",
        ] {
            assert!(text.parse::<Position>().is_err(), "{text}");
        }
    }
}
