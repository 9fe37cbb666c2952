//! The real servers of development and tests: found or installed, started on loopback, and never left behind.
//!
//! A caller asks for the tools it needs with [`Tools::provide`], then starts [`Nats`], [`Postgres`] and [`Storage`],
//! each with a data folder of its own.
//! Every server listens on 127.0.0.1 alone, asks for a random secret kept in its data folder, and dies with this process,
//! however this process dies.

mod error;
mod folder;
mod nats;
mod ports;
mod postgres;
mod process;
mod scratch;
mod started;
mod storage;
pub mod testing;
mod tools;

pub use error::{ProvideError, Reason, StartError};
pub use nats::{Nats, NeighbourNats};
pub use postgres::{Durability, Postgres};
pub use process::{Exit, Exited};
pub use scratch::Scratch;
pub use storage::Storage;
pub use tools::{SearchPath, Tool, Tools, Version};
