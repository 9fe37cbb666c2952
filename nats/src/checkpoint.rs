//! Where a reader is, with what is needed to notice that the log isn't the one it has read.

use events::{EventId, StreamName};

use crate::{Broker, Incarnation, ReadError, StreamState};

/// How far a reader has come, to be stored with what it made of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The stream's life.
    pub incarnation: Incarnation,
    /// The last sequence that was read; 0 before the first.
    pub sequence: u64,
    /// The sequence of the last event at or before it: a claim there may have expired since.
    pub event_sequence: u64,
    /// That event's id; `None` if there was no event yet.
    pub event_id: Option<EventId>,
}

/// The log isn't the one that was read: what was made of it cannot be continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Diverged {
    /// The stream was removed and made again.
    #[error("{stream} is another stream than the one that was read: {found}, not {read}")]
    Incarnation {
        /// The stream.
        stream: StreamName,
        /// The life that was read.
        read: Incarnation,
        /// The life that it lives now.
        found: Incarnation,
    },
    /// The stream ends before what was read.
    #[error("{stream} ends at {last}, but was read up to {read}")]
    Shorter {
        /// The stream.
        stream: StreamName,
        /// How far it was read.
        read: u64,
        /// Where it ends.
        last: u64,
    },
    /// The stream lost its tail and grew again.
    #[error("{stream}:{sequence} is not the event {read} that was read there")]
    OtherEvent {
        /// The stream.
        stream: StreamName,
        /// Where the event stood.
        sequence: u64,
        /// The event's id.
        read: EventId,
    },
}

impl Checkpoint {
    pub(crate) const fn before(incarnation: Incarnation, sequence: u64) -> Self {
        Self {
            incarnation,
            sequence: sequence.saturating_sub(1),
            event_sequence: 0,
            event_id: None,
        }
    }
}

impl Broker {
    /// Asks the leader whether the stream still holds what was read, and how it stands.
    ///
    /// [`ReadError::Diverged`] if it is not the log that was read.
    pub async fn verify(
        &self,
        stream: StreamName,
        read: &Checkpoint,
    ) -> Result<StreamState, ReadError> {
        let state = self.stream_state(stream).await?;
        if state.incarnation != read.incarnation {
            return Err(ReadError::Diverged(Diverged::Incarnation {
                stream,
                read: read.incarnation,
                found: state.incarnation,
            }));
        }
        if state.last_sequence < read.sequence {
            return Err(ReadError::Diverged(Diverged::Shorter {
                stream,
                read: read.sequence,
                last: state.last_sequence,
            }));
        }
        let Some(id) = read.event_id else {
            return Ok(state);
        };
        let sequence = read.event_sequence;
        let found = self.at(stream, sequence).await?;
        if found.and_then(|found| found.id()) == Some(id) {
            return Ok(state);
        }
        Err(ReadError::Diverged(Diverged::OtherEvent {
            stream,
            sequence,
            read: id,
        }))
    }
}
