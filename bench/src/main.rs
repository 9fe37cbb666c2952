//! Measures Millrace: every figure as a ratio to a limit or a peer that is measured in the same run.

mod account;
mod apart;
mod clicks;
mod database;
mod disk;
mod figure;
mod ground;
mod ingest;
mod links;
mod live;
mod load;
mod pace;
mod people;
mod project;
mod redirect;
mod report;
mod stats;
mod subject;
mod times;

use clap::{Parser, Subcommand};

use crate::apart::Served;
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
    Serve(Served),
    /// Logins against bare argon2id verifications, registrations against bare writes, and the check of a token.
    People(Plan),
    /// Clicks that wait on the log, into the raw clicks and their counts, against a bare COPY.
    Project(Plan),
    /// Series and top lists, of one link and of a workspace, over ten million clicks.
    Stats(Plan),
    /// Clicks that other servers report in hundreds, against a bare publisher of the same messages.
    Ingest(Plan),
    /// Live clicks over WebSocket: 10,000 idle sockets, 10,000 that hear a click a second, a fan-out, and how fresh all is.
    Live(Plan),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().bench {
        Bench::Redirect(plan) => redirect::run(plan).await,
        Bench::Links(plan) => links::run(plan).await,
        Bench::Serve(served) => apart::serve(&served).await,
        Bench::People(plan) => people::run(plan).await,
        Bench::Project(plan) => project::run(plan).await,
        Bench::Stats(plan) => stats::run(plan).await,
        Bench::Ingest(plan) => ingest::run(plan).await,
        Bench::Live(plan) => live::run(plan).await,
    }
}
