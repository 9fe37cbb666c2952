//! The redirect, against a bare axum redirect: one hot link, many links, misses, half the load, and no broker.

mod away;
mod hot;
mod many;

use servers::Tool;

use crate::ground::{Ground, Plan};
use crate::load::Outcome;

/// Measures what is ours and what bounds it.
pub(crate) async fn run(plan: Plan) -> anyhow::Result<()> {
    let ground = Ground::prepare(plan, &[Tool::Nats]).await?;
    let mut broker = ground.broker("nats").await?;
    let mut figures = hot::measure(&broker, ground.rounds).await?;
    figures.extend(many::measure(&broker, ground.rounds).await?);
    broker.stop().await;
    figures.push(away::measure(&ground).await?);
    let about = "Redirects, each answered when the broker had synced its click, against bare axum redirects.";
    ground.report("redirect", about, &figures);
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
