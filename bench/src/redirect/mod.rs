//! The redirect, against a bare axum redirect: one hot link, many links, misses, half the load, and no broker.

mod away;
mod hot;
mod many;

use std::path::{Path, PathBuf};

use servers::{Nats, Scratch, Tool, Tools, testing};

use crate::load::Outcome;
use crate::{disk, figure, report};

/// What is measured, and how long.
#[derive(Clone, Copy)]
struct Rounds {
    /// Seconds of each measurement.
    seconds: u64,
    /// Measurements of each kind; the median counts.
    count: usize,
}

/// Measures both sides in turn, so that a machine that slows down slows both.
pub(crate) async fn run(seconds: u64, rounds: usize, data: Option<PathBuf>) -> anyhow::Result<()> {
    let scratch = match data {
        Some(folder) => Scratch::below(&folder)?,
        None => testing::scratch(),
    };
    let tools = Tools::provide(Path::new(".tools"), &[Tool::Nats], |text| {
        report::line(text);
    })
    .await?;
    let fsync = disk::fsync_p50(scratch.path())?;
    let rounds = Rounds {
        seconds,
        count: rounds,
    };
    let mut broker = Nats::start(&tools, &scratch.path().join("nats")).await?;
    let mut figures = hot::measure(&broker, rounds).await?;
    figures.extend(many::measure(&broker, rounds).await?);
    broker.stop().await;
    figures.push(away::measure(&tools, rounds, scratch.path()).await?);
    report::line(
        "Redirects, each answered when the broker had synced its click, against bare axum redirects.",
    );
    report::line(&format!(
        "fsync p50 of this disk: {fsync:?}; {} rounds of {seconds} s, medians",
        rounds.count
    ));
    figure::print("redirect", &figures);
    Ok(())
}

/// The outcome with the median rate.
fn median(mut outcomes: Vec<Outcome>) -> anyhow::Result<Outcome> {
    outcomes.sort_by(|a, b| a.requests_per_s.total_cmp(&b.requests_per_s));
    let middle = outcomes.get(outcomes.len() / 2).copied();
    middle.ok_or_else(|| anyhow::anyhow!("no round was measured"))
}

fn told(outcome: Outcome) -> String {
    format!(
        "{:.0}/s, p50 {:?}, p99 {:?}",
        outcome.requests_per_s, outcome.p50, outcome.p99
    )
}
