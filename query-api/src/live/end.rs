//! Why a subscription ends, and what its subscriber hears of that.

use super::cursor::Cursor;
use super::stay::Over;

#[derive(Clone, Copy)]
pub(super) enum End {
    /// The subscriber went away, or closed.
    Gone,
    /// The subscriber says too much.
    Flooding,
    /// The credential is no longer good.
    Over(Over),
    /// The subscriber was too slow; it got everything up to here.
    Lagged(Cursor),
    /// The process stops; another one takes over, from here on if that is known.
    Stopping(Option<Cursor>),
}

impl End {
    /// How a WebSocket is closed; not at all if nobody is there.
    pub(super) const fn code(&self) -> Option<u16> {
        match self {
            Self::Gone => None,
            Self::Flooding => Some(1008),
            Self::Over(_) => Some(4401),
            Self::Lagged(_) => Some(4008),
            Self::Stopping(_) => Some(1012),
        }
    }

    /// A few words; of a process that stops, the cursor to resume from, if there is one.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Gone | Self::Stopping(None) => String::new(),
            Self::Flooding => "nothing is expected from a subscriber".to_owned(),
            Self::Over(Over::Expired) => "the credential has expired".to_owned(),
            Self::Over(Over::Revoked) => "the credential was revoked".to_owned(),
            Self::Lagged(_) => "too slow".to_owned(),
            Self::Stopping(Some(cursor)) => cursor.to_string(),
        }
    }

    /// Where the subscriber is, if that is known.
    pub(super) const fn cursor(&self) -> Option<Cursor> {
        match self {
            Self::Lagged(cursor) | Self::Stopping(Some(cursor)) => Some(*cursor),
            Self::Gone | Self::Flooding | Self::Over(_) | Self::Stopping(None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_told_to_go_elsewhere_reads_a_cursor_or_nothing() {
        let cursor: Cursor = "17.3-5f0c9a1e".parse().unwrap();
        for (end, reason) in [(Some(cursor), "17.3-5f0c9a1e"), (None, "")] {
            let end = End::Stopping(end);
            assert_eq!((end.code(), end.reason().as_str()), (Some(1012), reason));
        }
    }
}
