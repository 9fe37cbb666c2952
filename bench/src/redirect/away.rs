//! One hot link while the broker is gone: clicks wait in the spool, and are all in the log when it is back.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use events::StreamName;
use nats::{Broker, Start};
use serde::Deserialize;
use uuid::Uuid;

use super::{median, told};
use crate::figure::Figure;
use crate::ground::Ground;
use crate::load::measure as load;
use crate::subject::{Settings, Subject, bare_redirect};

const CONNECTIONS: u32 = 64;
/// How long the drain may bring nothing.
const PATIENCE: Duration = Duration::from_secs(30);
const MESSAGES_MAX: usize = 1_000;
const BYTES_MAX: usize = 8 << 20;

/// What is counted of a click.
#[derive(Deserialize)]
struct Click {
    id: Uuid,
}

pub(super) async fn measure(ground: &Ground) -> anyhow::Result<Figure> {
    let mut broker = ground.broker("away").await?;
    let rounds = ground.rounds;
    let settings = Settings {
        spool: Some(ground.path()),
        ..Settings::default()
    };
    let subject = Subject::start_as(&broker.url(), settings).await?;
    let short_url = subject.account("away").await?.shortens("spring").await?;
    let bare = format!("{}/spring", bare_redirect().await?);
    let mut answered = load(&short_url, CONNECTIONS, 1).await?.requests;
    broker.kill().await;
    let (mut bares, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..rounds.count {
        bares.push(load(&bare, CONNECTIONS, rounds.seconds).await?);
        ours.push(load(&short_url, CONNECTIONS, rounds.seconds).await?);
    }
    answered += ours.iter().map(|it| it.requests).sum::<u64>();
    broker.start_again().await?;
    let started = Instant::now();
    let counted = clicks(&broker.url(), answered).await?;
    let drained = started.elapsed();
    subject.stop().await?;
    broker.stop().await;
    let (bare, ours) = (median(bares)?, median(ours)?);
    Ok(Figure {
        name: format!("no broker, {CONNECTIONS} connections"),
        measured: format!(
            "{}; {counted} clicks in the log after {drained:.1?}, {answered} answered",
            told(ours)
        ),
        bound: format!("{:.0}/s bare axum", bare.requests_per_s),
        ratio: ours.requests_per_s / bare.requests_per_s,
        wanted: "0.40 or more",
    })
}

/// Reads the log until it holds so many different clicks.
async fn clicks(url: &str, wanted: u64) -> anyhow::Result<u64> {
    let broker = Broker::connect(url, "bench").await?;
    let mut tail = broker.tail(StreamName::Clicks, Start::Sequence(1)).await?;
    let mut known = HashSet::new();
    while u64::try_from(known.len())? < wanted {
        let next = tail.next_batch(MESSAGES_MAX, BYTES_MAX);
        let next = tokio::time::timeout(PATIENCE, next).await;
        let messages = next.with_context(|| {
            let found = known.len();
            format!("{wanted} clicks were answered, and the log has {found}")
        })??;
        for message in messages {
            let clicks: Vec<Click> = serde_json::from_slice(&message.body)?;
            known.extend(clicks.into_iter().map(|it| it.id));
        }
    }
    let found = u64::try_from(known.len())?;
    ensure!(found >= wanted, "clicks are lacking");
    Ok(found)
}
