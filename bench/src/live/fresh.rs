//! How soon a click that was answered is heard, and how soon it can be read.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::json;
use tokio::time::timeout;

use super::socket::{Frame, Socket};
use super::stage::{Owned, Stage};
use crate::figure::Figure;
use crate::ground::Rounds;
use crate::pace::steadily;
use crate::times::Times;

const WORKSPACE: &str = "/v1/links/clicks/live";
const CLICKS_PER_S: u32 = 2_000;
const REPORTS_AT_ONCE: usize = 256;
/// Of so many clicks one is read.
const READ_OF: u32 = 40;
/// How long the last frames may be on their way.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of a round.
struct Round {
    heard: Times,
    read: Times,
    /// Clicks that were answered in a second.
    per_s: f64,
}

pub(super) async fn measure(stage: &Stage, rounds: Rounds) -> anyhow::Result<Vec<Figure>> {
    let owned = stage.links.first().context("no link")?;
    let mut all = Vec::new();
    for _ in 0..rounds.count {
        all.push(round(stage, owned, rounds.seconds).await?);
    }
    let slowest = all.iter().map(|it| it.per_s).fold(f64::INFINITY, f64::min);
    let (heard, read): (Vec<_>, Vec<_>) = all.iter().map(|it| (it.heard, it.read)).unzip();
    let figure = |what: &str, times: &[Times], p: &str, pick: fn(&Times) -> Duration, max_ms| {
        let (took, max) = (Times::median(times, pick)?, Duration::from_millis(max_ms));
        anyhow::Ok(Figure {
            name: format!("answered until {what}, {p}"),
            measured: format!("{took:.1?} at {slowest:.0} clicks/s or more"),
            bound: format!("{max:?} at {CLICKS_PER_S} clicks/s"),
            ratio: took.as_secs_f64() / max.as_secs_f64(),
            wanted: "1.00 or less",
        })
    };
    Ok(vec![
        figure("heard", &heard, "p50", |it| it.p50, 5)?,
        figure("heard", &heard, "p99", |it| it.p99, 50)?,
        figure("read", &read, "p50", |it| it.p50, 15)?,
        figure("read", &read, "p99", |it| it.p99, 100)?,
    ])
}

async fn round(stage: &Stage, owned: &Owned, seconds: u64) -> anyhow::Result<Round> {
    let count = CLICKS_PER_S * u32::try_from(seconds)?;
    let token = &owned.account.token;
    let socket = Socket::open(stage.apart.address()?, WORKSPACE, token).await?;
    let mut listening = tokio::task::JoinSet::new();
    listening.spawn(listen(socket, count));
    let answered = Mutex::new(HashMap::new());
    let read = Mutex::new(Vec::new());
    let click = json!({ "country": "NP", "utm_source": "mail" });
    let path = format!("/v1/links/{}/clicks?limit=1", owned.link.id);
    let report = async |number: u32| -> anyhow::Result<()> {
        let position = owned.account.reports(&owned.link.id, &click).await?;
        let at = Instant::now();
        // What waits in the spool has no position, and will be heard late.
        let Some(position) = position else {
            return Ok(());
        };
        let (_, sequence) = position.split_once(':').context("no sequence")?;
        // The first of the message's clicks to be answered.
        lock(&answered)
            .entry(sequence.parse::<u64>()?)
            .or_insert(at);
        if number.is_multiple_of(READ_OF) {
            owned.account.reads(&path, &position).await?;
            lock(&read).push(at.elapsed());
        }
        Ok(())
    };
    let started = Instant::now();
    steadily(CLICKS_PER_S, count, REPORTS_AT_ONCE, report).await?;
    let per_s = f64::from(count) / started.elapsed().as_secs_f64();
    let heard = timeout(PATIENCE, listening.join_all()).await;
    let heard = heard.context("not every click was heard")?;
    let answered = std::mem::take(&mut *lock(&answered));
    let mut late = Vec::new();
    for (sequence, at) in heard
        .into_iter()
        .collect::<anyhow::Result<Vec<_>>>()?
        .concat()
    {
        // What was heard before it was answered was heard at once.
        let since = answered
            .get(&sequence)
            .map(|it| at.saturating_duration_since(*it));
        late.extend(since);
    }
    let read = std::mem::take(&mut *lock(&read));
    Ok(Round {
        heard: Times::of(late)?,
        read: Times::of(read)?,
        per_s,
    })
}

/// Hears so many clicks: the message that held each, and when.
async fn listen(mut socket: Socket, count: u32) -> anyhow::Result<Vec<(u64, Instant)>> {
    let mut heard = Vec::new();
    for _ in 0..count {
        let text = socket.frame().await?;
        heard.push((Frame::read(&text)?.sequence()?, Instant::now()));
    }
    Ok(heard)
}

fn lock<T>(held: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
