//! Links: making them one by one and many at once, and serving a million.

mod making;
mod million;

use std::path::{Path, PathBuf};

use servers::{Nats, Scratch, Tool, Tools, testing};

pub(crate) use million::serve;

use crate::{disk, figure, report};

/// Measures what is ours and what bounds it in turn, so that a machine that slows down slows both.
pub(crate) async fn run(seconds: u64, rounds: usize, data: Option<PathBuf>) -> anyhow::Result<()> {
    let scratch = match data {
        Some(folder) => Scratch::below(&folder)?,
        None => testing::scratch(),
    };
    let tools = Tools::provide(Path::new(".tools"), &[Tool::Nats], |text| {
        report::line(text);
    })
    .await?;
    let fsync = disk::fsync_p50(scratch.path())?;
    let mut broker = Nats::start(&tools, &scratch.path().join("nats")).await?;
    let mut figures = making::measure(&broker, seconds, rounds).await?;
    figures.extend(million::measure(&broker).await?);
    broker.stop().await;
    report::line("Links, on a broker that syncs always, each figure beside what bounds it.");
    report::line(&format!(
        "fsync p50 of this disk: {fsync:?}; {rounds} rounds of {seconds} s, medians"
    ));
    figure::print("links", &figures);
    Ok(())
}
