//! Media assets: announcing an upload, and seeing that it arrived as announced.

mod announce;
mod asset;
mod complete;
mod filename;
pub(crate) mod http;
mod media_type;
mod sha256;
mod storage;

pub(crate) use asset::AssetRejection;
pub use storage::{Storage, StorageSettings};
