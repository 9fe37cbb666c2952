//! Other teams on the bus: what each may read, and as whom it logs in.

mod account;
mod consumer;
mod name;
mod proof;

pub use account::{Login, READERS_DOMAIN, ReaderAccount};
pub use consumer::{
    READER_IN_FLIGHT_MAX, Reach, ReaderConsumer, ReaderError, ReaderStart, Reading,
};
pub use name::{ReaderName, ReaderNameError};
pub use proof::can_read;
