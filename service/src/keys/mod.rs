//! The installation's keys: `DATA_KEY`, which wraps, and what it wraps.

mod data_key;
mod keyring;

pub use data_key::{DataKey, ParseDataKeyError};
pub use keyring::Keyring;
