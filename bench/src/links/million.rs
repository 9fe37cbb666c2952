//! A million links: what a process takes to start, and how much memory once as many were opened as it may keep.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context;
use servers::Nats;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::figure::Figure;
use crate::load::{Many, measure_many};
use crate::subject::{Settings, Subject, open_all};

const LINKS: usize = 1_000_000;
const PREFIX: &str = "million";
const CONNECTIONS: u32 = 64;
/// How long links are opened: long enough that far more are than are kept.
const OPENING_S: u64 = 30;
const START_MAX: Duration = Duration::from_secs(3);
const MEMORY_MAX_MIB: f64 = 200.0;

/// A process that is measured from outside.
struct Apart {
    child: Child,
    url: String,
}

pub(super) async fn measure(broker: &Nats) -> anyhow::Result<[Figure; 2]> {
    let subject = Subject::start(broker).await?;
    let account = subject.account("million").await?;
    account.makes_links(PREFIX, 0..LINKS).await?;
    subject.stop().await?;
    let started = Instant::now();
    let mut apart = Apart::start(&broker.url(), &account.url).await?;
    open_all(&apart.url, PREFIX, 0..1).await?;
    let start = started.elapsed();
    let many = Many {
        prefix: PREFIX,
        count: LINKS,
        rest_ms: 0,
    };
    let opened = measure_many(&apart.url, CONNECTIONS, OPENING_S, many).await?;
    let memory = apart.memory_mib()?;
    apart.child.kill().await?;
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

/// Serves until it is killed; the first line tells where.
#[expect(clippy::print_stdout, reason = "whoever started it reads it")]
pub(crate) async fn serve(broker: &str, like: &str) -> anyhow::Result<()> {
    let settings = Settings {
        like: Some(like),
        ..Settings::default()
    };
    let subject = Subject::start_as(broker, settings).await?;
    println!("{}", subject.url);
    std::future::pending::<()>().await;
    subject.stop().await
}

impl Apart {
    async fn start(broker: &str, like: &str) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", broker, like])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().context("it has no output")?;
        let url = BufReader::new(stdout).lines().next_line().await?;
        let url = url.context("it ended")?;
        Ok(Self { child, url })
    }

    /// What it has of the machine's memory now.
    fn memory_mib(&self) -> anyhow::Result<f64> {
        let process = self.child.id().context("it has ended")?;
        let status = Path::new("/proc").join(process.to_string()).join("status");
        let status = std::fs::read_to_string(status)?;
        let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|it| it.trim().strip_suffix(" kB"));
        let kibibytes: u32 = kibibytes.context("no VmRSS")?.parse()?;
        Ok(f64::from(kibibytes) / 1_024.0)
    }
}
