//! What is told of a spool.

/// How a spool stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpoolFigures {
    /// What its files take on the disk.
    pub bytes: u64,
    /// What they may take.
    pub bytes_max: u64,
    /// Messages that wait for the broker.
    pub messages: u64,
    /// The clicks in them.
    pub clicks: u64,
    /// When the click that waits longest was made, in milliseconds of Unix time.
    pub oldest_ms: Option<u64>,
    /// Clicks that waited and are in the log now, since the start.
    pub drained_clicks: u64,
    /// Clicks that found no place, since the start; the broker may have stored some of them nevertheless.
    pub dropped_clicks: u64,
    /// Segments that were set aside since they cannot be read to their end, since the start.
    pub damaged_segments: u64,
}
