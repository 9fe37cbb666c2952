//! A subject in a process of its own, which is measured from outside.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::subject::{Settings, Subject};

/// What the process serves.
#[derive(Debug, clap::Args)]
pub(crate) struct Served {
    /// The broker's address.
    pub(crate) broker: String,
    /// Whose links are opened; those of accounts made there when left out.
    #[arg(long)]
    pub(crate) like: Option<String>,
    /// Where the read models are; without them it is the command API alone.
    #[arg(long)]
    pub(crate) database: Option<String>,
}

/// A process that is measured from outside; it ends when dropped.
pub(crate) struct Apart {
    child: Child,
    pub(crate) url: String,
}

/// Serves until it is killed; the first line tells where.
#[expect(clippy::print_stdout, reason = "whoever started it reads it")]
pub(crate) async fn serve(served: &Served) -> anyhow::Result<()> {
    let settings = Settings {
        like: served.like.as_deref(),
        database: served.database.as_deref(),
        ..Settings::default()
    };
    let subject = Subject::start_as(&served.broker, settings).await?;
    println!("{}", subject.url);
    std::future::pending::<()>().await;
    subject.stop().await
}

impl Apart {
    pub(crate) async fn start(served: &Served) -> anyhow::Result<Self> {
        let options = [("--like", &served.like), ("--database", &served.database)];
        let options = options
            .into_iter()
            .filter_map(|(name, value)| Some([name, value.as_deref()?]));
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", &served.broker])
            .args(options.flatten())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().context("it has no output")?;
        let url = BufReader::new(stdout).lines().next_line().await?;
        let url = url.context("it ended")?;
        Ok(Self { child, url })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> anyhow::Result<SocketAddr> {
        let address = self.url.strip_prefix("http://").context("no address")?;
        Ok(address.parse()?)
    }

    /// What it has of the machine's memory now.
    pub(crate) fn memory_kib(&self) -> anyhow::Result<f64> {
        let process = self.child.id().context("it has ended")?;
        let status = Path::new("/proc").join(process.to_string()).join("status");
        let status = std::fs::read_to_string(status)?;
        let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|it| it.trim().strip_suffix(" kB"));
        let kibibytes: u32 = kibibytes.context("no VmRSS")?.parse()?;
        Ok(f64::from(kibibytes))
    }

    /// Ends it.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }
}
