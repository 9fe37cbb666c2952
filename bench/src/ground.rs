//! What every bench stands on: a folder on the disk in question, real servers, and rounds of some seconds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use servers::{Nats, Scratch, Tool, Tools, testing};

use crate::figure::{self, Figure};
use crate::{disk, report};

/// How it is measured, as the command line says.
#[derive(Debug, clap::Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) rounds: Rounds,
    /// A folder on the disk that the servers are to sync to; `target/` when left out.
    #[arg(long)]
    data: Option<PathBuf>,
}

/// Both sides are measured in turn, so that a machine that slows down slows both.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Rounds {
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5)]
    pub(crate) seconds: u64,
    /// Measurements of each kind; the median counts.
    #[arg(long = "rounds", default_value_t = 3)]
    pub(crate) count: usize,
}

/// Where the servers of a bench store.
pub(crate) struct Ground {
    scratch: Scratch,
    pub(crate) tools: Tools,
    fsync: Duration,
    pub(crate) rounds: Rounds,
}

impl Ground {
    /// Provides the servers that are asked for, and looks how fast the disk syncs.
    pub(crate) async fn prepare(plan: Plan, needed: &[Tool]) -> anyhow::Result<Self> {
        let scratch = match plan.data {
            Some(folder) => Scratch::below(&folder)?,
            None => testing::scratch(),
        };
        let tools = Tools::provide(Path::new(".tools"), needed, |text| {
            report::line(text);
        })
        .await?;
        Ok(Self {
            fsync: disk::fsync_p50(scratch.path())?,
            scratch,
            tools,
            rounds: plan.rounds,
        })
    }

    /// The folder, which is gone with the ground.
    pub(crate) fn path(&self) -> &Path {
        self.scratch.path()
    }

    /// A new broker that syncs always.
    pub(crate) async fn broker(&self, name: &str) -> anyhow::Result<Nats> {
        Ok(Nats::start(&self.tools, &self.path().join(name)).await?)
    }

    /// Prints what a bench has found.
    pub(crate) fn report(&self, bench: &str, about: &str, figures: &[Figure]) {
        report::line(about);
        report::line(&format!(
            "fsync p50 of this disk: {:?}; {} rounds of {} s, medians",
            self.fsync, self.rounds.count, self.rounds.seconds
        ));
        figure::print(bench, figures);
    }
}
