//! The crate against real brokers, one for each test.

mod append;
mod broker;
mod diverged;
mod history;
mod lane;
mod streams;
mod tail;
mod world;
