//! A million links: what a process takes to start, and how much memory once as many were opened as it may keep.

use std::time::{Duration, Instant};

use servers::Nats;

use crate::apart::{Apart, Served};
use crate::figure::Figure;
use crate::load::{Many, measure_many};
use crate::subject::{Subject, open_all};

const LINKS: usize = 1_000_000;
const PREFIX: &str = "million";
const CONNECTIONS: u32 = 64;
/// How long links are opened: long enough that far more are than are kept.
const OPENING_S: u64 = 30;
const START_MAX: Duration = Duration::from_secs(3);
const MEMORY_MAX_MIB: f64 = 200.0;

pub(super) async fn measure(broker: &Nats) -> anyhow::Result<[Figure; 2]> {
    let subject = Subject::start(broker).await?;
    let account = subject.account("million").await?;
    account.makes_links(PREFIX, 0..LINKS).await?;
    subject.stop().await?;
    let started = Instant::now();
    let served = Served {
        broker: broker.url(),
        like: Some(account.url.clone()),
        database: None,
    };
    let apart = Apart::start(&served).await?;
    open_all(&apart.url, PREFIX, 0..1).await?;
    let start = started.elapsed();
    let many = Many {
        prefix: PREFIX,
        count: LINKS,
        rest_ms: 0,
    };
    let opened = measure_many(&apart.url, CONNECTIONS, OPENING_S, many).await?;
    let memory = apart.memory_kib()? / 1_024.0;
    apart.kill().await?;
    Ok([
        Figure {
            name: "start with a million links".to_owned(),
            measured: format!("{start:.2?} until the first redirect"),
            bound: format!("{START_MAX:?}"),
            ratio: start.as_secs_f64() / START_MAX.as_secs_f64(),
            wanted: "1.00 or less",
        },
        Figure {
            name: "memory with a million links".to_owned(),
            measured: format!(
                "{memory:.0} MiB after {} redirects, 100,000 links kept",
                opened.requests
            ),
            bound: format!("{MEMORY_MAX_MIB} MiB"),
            ratio: memory / MEMORY_MAX_MIB,
            wanted: "1.00 or less",
        },
    ])
}
