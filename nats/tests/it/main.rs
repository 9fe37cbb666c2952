//! The crate against real brokers, one for each test.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by falling over, and ends its tasks with itself"
)]

mod append;
mod broker;
mod clicks;
mod count;
mod diverged;
mod excerpt;
mod history;
mod keys;
mod lane;
mod readers;
mod salts;
mod spool;
mod streams;
mod tail;
mod world;
