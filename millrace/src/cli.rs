//! The command line.

use clap::{Parser, Subcommand};

use crate::consumers;

/// Users, media, short links and every click on them, on one log.
///
/// Settings come from the environment; see "Settings" in the README.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    /// What to do; `up` when left out.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the binary can do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Runs everything in one process, with private servers for what the environment doesn't name.
    Up,
    /// Runs the command API alone: writes and redirects.
    CommandApi,
    /// Runs the projectors alone: from the log to Postgres.
    Projectors,
    /// Runs the query API alone: reads and live subscriptions.
    QueryApi,
    /// Wraps every user's key anew by the first key of `DATA_KEY`, beside running processes.
    ///
    /// Needs `NATS_URL` and `DATA_KEY`: the new key, a comma, and the key in use. See docs/data-key.md.
    RotateDataKey,
    /// Says who else may read the bus.
    ///
    /// At the broker of `NATS_URL`, or else at the private one of a `millrace up` that is running. See docs/bus.md.
    #[command(subcommand)]
    Consumers(consumers::Command),
    /// Asks the process on this machine whether it can serve; for health checks in containers.
    Probe {
        /// The port that the process listens on.
        port: u16,
    },
}
