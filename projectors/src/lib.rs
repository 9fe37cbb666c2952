//! The projectors: workers that turn the log into Postgres read models, and the only writers of Postgres.

mod core;
mod database;
mod links;
mod media;
mod metrics;
mod migrate;
mod projection;
mod projectors;
mod roles;
mod runner;
mod schema;

#[cfg(test)]
mod rebuilt;
#[cfg(test)]
mod testing;

pub use database::{Database, DatabaseUrlError};
pub use migrate::{MigrationError, migrate};
pub use projectors::Projectors;
pub use roles::Refusal;
