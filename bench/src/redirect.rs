//! The redirect, against a bare axum redirect, at 1, 64 and 512 connections.

use std::path::{Path, PathBuf};

use anyhow::Context;
use servers::{Nats, Scratch, Tool, Tools, testing};

use crate::load::{Outcome, measure};
use crate::subject::{Subject, bare_redirect};
use crate::{disk, report};

const CONNECTIONS: [u32; 3] = [1, 64, 512];

/// What both sides did at one number of connections.
struct Pair {
    connections: u32,
    bare: Outcome,
    millrace: Outcome,
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
    let mut broker = Nats::start(&tools, &scratch.path().join("nats")).await?;
    let subject = Subject::start(&broker, &scratch.path().join("spool")).await?;
    let bare = bare_redirect().await?;
    let fsync = disk::fsync_p50(scratch.path())?;
    let mut pairs = Vec::with_capacity(CONNECTIONS.len());
    for connections in CONNECTIONS {
        let mut bares = Vec::with_capacity(rounds);
        let mut millraces = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            bares.push(measure(&bare, connections, seconds).await?);
            millraces.push(measure(&subject.short_url, connections, seconds).await?);
        }
        let (bare, millrace) = (median(bares)?, median(millraces)?);
        pairs.push(Pair {
            connections,
            bare,
            millrace,
        });
    }
    subject.stop().await?;
    broker.stop().await;
    report::line(
        "Redirects, each answered when the broker had synced its click, against bare axum redirects.",
    );
    report::line(&format!(
        "fsync p50 of this disk: {fsync:?}; {rounds} rounds of {seconds} s, medians"
    ));
    report::table(&rows(&pairs));
    report::figures("redirect", &figures(&pairs));
    Ok(())
}

/// The outcome with the median rate.
fn median(mut outcomes: Vec<Outcome>) -> anyhow::Result<Outcome> {
    outcomes.sort_by(|a, b| a.requests_per_s.total_cmp(&b.requests_per_s));
    outcomes
        .get(outcomes.len() / 2)
        .copied()
        .context("no round was measured")
}

fn rows(pairs: &[Pair]) -> Vec<Vec<String>> {
    let head = ["connections", "", "requests/s", "p50", "p99", "ratio"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for pair in pairs {
        for (name, outcome, ratio) in [
            ("bare axum", pair.bare, String::new()),
            ("Millrace", pair.millrace, format!("{:.2}", pair.ratio())),
        ] {
            rows.push(vec![
                pair.connections.to_string(),
                name.to_owned(),
                format!("{:.0}", outcome.requests_per_s),
                format!("{:?}", outcome.p50),
                format!("{:?}", outcome.p99),
                ratio,
            ]);
        }
    }
    rows
}

fn figures(pairs: &[Pair]) -> Vec<(String, f64)> {
    let mut figures = Vec::new();
    for pair in pairs {
        let connections = pair.connections;
        figures.push((format!("ratio_c{connections}"), pair.ratio()));
        figures.push((
            format!("p50_ms_c{connections}"),
            pair.millrace.p50.as_secs_f64() * 1e3,
        ));
        figures.push((
            format!("p99_ms_c{connections}"),
            pair.millrace.p99.as_secs_f64() * 1e3,
        ));
    }
    figures
}

impl Pair {
    fn ratio(&self) -> f64 {
        self.millrace.requests_per_s / self.bare.requests_per_s
    }
}
