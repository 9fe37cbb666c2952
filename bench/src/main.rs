//! Measures Millrace: every figure as a ratio to a limit or a peer that is measured in the same run.

mod disk;
mod figure;
mod ground;
mod links;
mod load;
mod pace;
mod people;
mod redirect;
mod report;
mod subject;

use clap::{Parser, Subcommand};

use crate::ground::Plan;

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
    Redirect(Plan),
    /// Links made one by one and in bulk against the bare writes of what each stores, and a million of them.
    Links(Plan),
    /// What the benches start, to measure it from outside.
    #[command(hide = true)]
    Serve { broker: String, like: String },
    /// Logins against bare argon2id verifications, registrations against bare writes, and the check of a token.
    People(Plan),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().bench {
        Bench::Redirect(plan) => redirect::run(plan).await,
        Bench::Links(plan) => links::run(plan).await,
        Bench::Serve { broker, like } => links::serve(&broker, &like).await,
        Bench::People(plan) => people::run(plan).await,
    }
}
