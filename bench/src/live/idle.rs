//! What sockets cost that hear nothing: memory, queries, and the broker's work.

use std::time::Duration;

use super::crowd::{Crowd, SOCKETS};
use super::stage::Stage;
use crate::figure::Figure;
use crate::ground::Rounds;

/// Sockets that are open when the measuring begins, so that what is needed once is there.
const FIRST: u32 = 500;
/// How long nothing happens while it is looked at, and how often: what idle sockets cause they cause each time,
/// where a tail asks for more now and then.
const WINDOW: Duration = Duration::from_secs(5);
const WINDOWS: usize = 3;
/// Postgres' sessions count what they did after ten seconds' rest, at the latest.
const SETTLING: Duration = Duration::from_secs(11);
const SOCKET_MAX_KIB: f64 = 10.0;

/// What the servers behind the subject did while nothing happened.
struct Work {
    transactions: f64,
    broker_bytes: f64,
}

pub(super) async fn measure(stage: &Stage, rounds: Rounds) -> anyhow::Result<(Crowd, Vec<Figure>)> {
    let mut crowd = Crowd::new(rounds)?;
    crowd.join(stage, 0..FIRST).await?;
    let few = Work::least_of(stage).await?;
    let before = stage.apart.memory_kib()?;
    crowd.join(stage, FIRST..SOCKETS).await?;
    let many = Work::least_of(stage).await?;
    let after = stage.apart.memory_kib()?;
    let more = f64::from(SOCKETS - FIRST);
    let each = (after - before) / more;
    let transactions = (many.transactions - few.transactions).max(0.0);
    let broker_bytes = (many.broker_bytes - few.broker_bytes).max(0.0);
    let none = |name: &str, extra: f64, what: &str, of_few: f64| Figure {
        name: name.to_owned(),
        measured: format!("{extra:.0} more than {FIRST} cause in {WINDOW:?}, {of_few:.0}"),
        bound: format!("no {what} for each"),
        ratio: extra / more,
        wanted: "0.00",
    };
    let figures = vec![
        Figure {
            name: format!("memory of {SOCKETS} idle sockets"),
            measured: format!("{each:.1} KiB each, {:.0} MiB in all", after / 1_024.0),
            bound: format!("{SOCKET_MAX_KIB} KiB each"),
            ratio: each / SOCKET_MAX_KIB,
            wanted: "1.00 or less",
        },
        none(
            "queries of idle sockets",
            transactions,
            "transaction",
            few.transactions,
        ),
        none(
            "broker's bytes of idle sockets",
            broker_bytes,
            "byte",
            few.broker_bytes,
        ),
    ];
    Ok((crowd, figures))
}

impl Work {
    async fn of(stage: &Stage) -> anyhow::Result<Self> {
        tokio::time::sleep(SETTLING).await;
        let before = (stage.transactions().await?, stage.broker_bytes()?);
        tokio::time::sleep(WINDOW).await;
        let after = (stage.transactions().await?, stage.broker_bytes()?);
        Ok(Self {
            transactions: after.0 - before.0,
            broker_bytes: after.1 - before.1,
        })
    }

    async fn least_of(stage: &Stage) -> anyhow::Result<Self> {
        let mut least = Self::of(stage).await?;
        for _ in 1..WINDOWS {
            let next = Self::of(stage).await?;
            least = Self {
                transactions: least.transactions.min(next.transactions),
                broker_bytes: least.broker_bytes.min(next.broker_bytes),
            };
        }
        Ok(least)
    }
}
