//! How a stream stands, and which life of it this is.

use std::fmt;

use async_nats::jetstream::stream::Info;
use events::StreamName;
use uuid::Uuid;

use crate::{Broker, ReadError, RequestError};

/// Where a stream's metadata holds its incarnation.
pub(crate) const INCARNATION_KEY: &str = "millrace-incarnation";

/// One life of a stream: a stream that was removed and made again has another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Incarnation(Uuid);

impl Incarnation {
    /// Takes what [`Incarnation::uuid`] gave.
    #[must_use]
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The plain UUID, for a driver's parameter.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    fn of(info: &Info) -> Self {
        let written = info.config.metadata.get(INCARNATION_KEY);
        // Who made the stream with the `nats` command line has written none; the moment of its making serves as well.
        let made = info.created.unix_timestamp_nanos().cast_unsigned();
        Self(
            written
                .and_then(|text| text.parse().ok())
                .unwrap_or(Uuid::from_u128(made)),
        )
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A stream as its leader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamState {
    /// Which life of the stream this is.
    pub incarnation: Incarnation,
    /// The first sequence that is kept; one after the last if none is.
    pub first_sequence: u64,
    /// The last sequence that was given; 0 before the first.
    pub last_sequence: u64,
    /// How many messages it holds.
    pub messages: u64,
    /// How many bytes they take.
    pub bytes: u64,
}

impl Broker {
    /// Asks the stream's leader how it stands.
    pub async fn stream_state(&self, stream: StreamName) -> Result<StreamState, ReadError> {
        let info = self.info(stream.as_str()).await?;
        Ok(StreamState {
            incarnation: Incarnation::of(&info),
            first_sequence: info.state.first_sequence,
            last_sequence: info.state.last_sequence,
            messages: info.state.messages,
            bytes: info.state.bytes,
        })
    }

    pub(crate) async fn info(&self, stream: &str) -> Result<Info, RequestError> {
        self.api(&format!("STREAM.INFO.{stream}"), &()).await
    }
}
