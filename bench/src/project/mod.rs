//! Projecting: a log of clicks that nobody has read yet, against a bare binary COPY of the same rows.

mod bare;

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use events::{Context, LinkId, Position, WorkspaceId};
use nats::{Broker, Changes};
use servers::{Nats, Tool};
use uuid::Uuid;

use crate::clicks::{Spread, fill};
use crate::database::Database;
use crate::figure::Figure;
use crate::ground::{Ground, Plan};
use crate::pace::median;
use crate::subject::{Settings, Subject};

const CLICKS: usize = 2_000_000;
/// How long no projection may tell of progress.
const PATIENCE: Duration = Duration::from_mins(1);
const RATE_MIN: f64 = 200_000.0;

/// Measures what is ours and what bounds it.
pub(crate) async fn run(plan: Plan) -> anyhow::Result<()> {
    let ground = Ground::prepare(plan, &[Tool::Nats, Tool::Postgres]).await?;
    let database = Database::start(&ground).await?;
    let mut figures = Vec::new();
    for (name, links) in [("hot links", 10), ("cold links", 10_000)] {
        let links: Vec<_> = (1..=links)
            .map(|it| LinkId::new(Uuid::from_u128(it)))
            .collect();
        let spread = Spread {
            workspace: WorkspaceId::new(Uuid::max()),
            links: &links,
            days: 1,
        };
        let mut broker = ground.broker(name).await?;
        figures.extend(measure(&ground, &broker, &database, name, spread).await?);
        broker.stop().await;
    }
    let about = format!(
        "{CLICKS} clicks of a log that nobody has read, into raw clicks and counts, by one projector, from its first batch on."
    );
    ground.report("project", &about, &figures);
    Ok(())
}

async fn measure(
    ground: &Ground,
    nats: &Nats,
    database: &Database,
    name: &str,
    spread: Spread<'_>,
) -> anyhow::Result<[Figure; 2]> {
    // The streams are made by whoever starts first.
    Subject::start(nats).await?.stop().await?;
    let broker = Broker::connect(&nats.url(), "bench").await?;
    let last = fill(&broker, spread, CLICKS).await?;
    let (mut ours, mut bares) = (Vec::new(), Vec::new());
    for round in 0..ground.rounds.count {
        let new = format!("{}_{round}", name.replace(' ', "_"));
        let url = database.make(&new).await?;
        let changes = broker.changes().await?;
        let settings = Settings {
            database: Some(&url),
            ..Settings::default()
        };
        let subject = Subject::start_as(&nats.url(), settings).await?;
        ours.push(pace(changes, last).await?);
        subject.stop().await?;
        bares.push(bare::rate(database, &url, CLICKS, ground.path()).await?);
    }
    let (ours, bare) = (median(ours)?, median(bares)?);
    let measured = format!("{ours:.0} clicks/s");
    Ok([
        Figure {
            name: name.to_owned(),
            measured: measured.clone(),
            bound: format!("{RATE_MIN}/s"),
            ratio: ours / RATE_MIN,
            wanted: "1.00 or more",
        },
        Figure {
            name: format!("{name}, against COPY"),
            measured,
            bound: format!("{bare:.0}/s bare COPY"),
            ratio: ours / bare,
            wanted: "0.45 or more",
        },
    ])
}

/// Waits until the clicks are counted as far as that.
pub(crate) async fn reached(mut changes: Changes, last: Position) -> anyhow::Result<()> {
    while counted(&mut changes).await? < last.sequence {}
    Ok(())
}

/// How many clicks are counted in a second, from the first batch on: before that the process starts and migrates.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
async fn pace(mut changes: Changes, last: Position) -> anyhow::Result<f64> {
    let (first, started) = (counted(&mut changes).await?, Instant::now());
    ensure!(first < last.sequence, "all was one batch");
    reached(changes, last).await?;
    let part = (last.sequence - first) as f64 / last.sequence as f64;
    Ok(part * CLICKS as f64 / started.elapsed().as_secs_f64())
}

/// How far the clicks are counted that are counted next.
async fn counted(changes: &mut Changes) -> anyhow::Result<u64> {
    loop {
        let change = tokio::time::timeout(PATIENCE, changes.next()).await;
        let change = change.context("the projection stands still")?;
        let change = change.context("the broker is gone")?;
        if change.context == Context::Links && change.projection == "click_count" {
            return Ok(change.position.sequence);
        }
    }
}
