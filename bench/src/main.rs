//! Measures Millrace: every figure as a ratio to a limit or a peer that is measured in the same run.

mod disk;
mod figure;
mod links;
mod load;
mod pace;
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
    /// Links made one by one and in bulk against the bare writes of what each stores, and a million of them.
    Links {
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
    /// What the benches start, to measure it from outside.
    #[command(hide = true)]
    Serve { broker: String, like: String },
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
        Bench::Links {
            seconds,
            rounds,
            data,
        } => links::run(seconds, rounds, data).await,
        Bench::Serve { broker, like } => links::serve(&broker, &like).await,
        Bench::People {
            seconds,
            rounds,
            data,
        } => people::run(seconds, rounds, data).await,
    }
}
