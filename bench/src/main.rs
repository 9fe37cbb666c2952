//! Measures Millrace: every figure as a ratio to a limit or a peer that is measured in the same run.

mod disk;
mod load;
mod people;
mod redirect;
mod report;
mod subject;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// As the binary has it; the peers have it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Millrace; each bench prints a table, and one JSON object as its last line.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// The redirect with its click acknowledged by a broker that syncs always, against a bare axum redirect.
    Redirect {
        /// Seconds of each measurement.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// Measurements of each kind; the median counts.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// A folder on the disk that the broker is to sync to; `target/` when left out.
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// Logins against bare argon2id verifications, registrations against bare writes, and the check of a token.
    People {
        /// Seconds of each measurement.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// Measurements of each kind; the median counts.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// A folder on the disk that the broker is to sync to; `target/` when left out.
        #[arg(long)]
        data: Option<PathBuf>,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().bench {
        Bench::Redirect {
            seconds,
            rounds,
            data,
        } => redirect::run(seconds, rounds, data).await,
        Bench::People {
            seconds,
            rounds,
            data,
        } => people::run(seconds, rounds, data).await,
    }
}
