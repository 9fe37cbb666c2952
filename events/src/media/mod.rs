//! What happened to media assets.

mod asset;

pub use asset::{AssetEvent, Visibility};
