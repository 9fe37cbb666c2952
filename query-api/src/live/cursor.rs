//! Where a live reader is.

use std::fmt;

use serde::{Serialize, Serializer};

/// A place on CLICKS; whoever is there has seen everything before it, and it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cursor {
    /// `<sequence>`: after all clicks of a message.
    Message(u64),
    /// `<sequence>.<index>`: after one click of a message.
    Click { sequence: u64, index: usize },
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(sequence) => write!(f, "{sequence}"),
            Self::Click { sequence, index } => write!(f, "{sequence}.{index}"),
        }
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
