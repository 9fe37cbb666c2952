//! All that knows JetStream: the connection, the streams, appending, reading, the lane of clicks and their spool.
//!
//! The rest of Millrace sees a [`Broker`], [`NewMessage`]s that go in and [`StoredMessage`]s that come out.

mod address;
mod append;
mod batch;
mod changed;
mod checkpoint;
mod connect;
mod consume;
mod count;
mod history;
mod keys;
mod lane;
mod leader;
mod message;
mod page;
mod readers;
mod request;
mod retry;
mod salts;
mod spool;
mod state;
mod streams;
mod used;

pub use append::{AppendError, Appended, Conflict};
pub use batch::BATCH_MESSAGES_MAX;
pub use changed::{Changed, Changes};
pub use checkpoint::{Checkpoint, Diverged};
pub use connect::{Broker, ConnectError, Connection};
pub use consume::{Start, Tail};
pub use count::COUNT_WINDOW_S_MAX;
pub use history::{HISTORY_EVENTS_MAX, ReadError};
pub use keys::{WrappedKey, WrappedKeys};
pub use lane::{
    BATCH_HEADER, ClickLane, Kept, LANE_CLICKS_MAX, LaneError, MESSAGE_CLICKS_MAX, PRODUCER_HEADER,
};
pub use message::{Expected, NewMessage, StoredMessage};
pub use readers::{
    Login, READER_IN_FLIGHT_MAX, READERS_DOMAIN, Reach, ReaderAccount, ReaderConsumer, ReaderError,
    ReaderName, ReaderNameError, ReaderStart, Reading, can_read,
};
pub use request::RequestError;
pub use salts::SALT_BYTES;
pub use spool::{Spool, SpoolError, SpoolFigures};
pub use state::{Incarnation, StreamState};
pub use streams::{AppliedStream, StreamChange, StreamError};
pub use used::{Used, Uses};
