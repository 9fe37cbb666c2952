//! People: logging in, registering, and being recognised with every request.

mod admission;
mod logins;
mod registrations;

use std::path::{Path, PathBuf};

use servers::{Nats, Scratch, Tool, Tools, testing};

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
    let mut figures = Vec::new();
    let mut broker = Nats::start(&tools, &scratch.path().join("logins")).await?;
    figures.push(logins::measure(&broker, seconds, rounds).await?);
    broker.stop().await;
    let mut broker = Nats::start(&tools, &scratch.path().join("registrations")).await?;
    figures.push(registrations::measure(&broker, seconds, rounds).await?);
    broker.stop().await;
    let mut broker = Nats::start(&tools, &scratch.path().join("admission")).await?;
    figures.extend(admission::measure(&broker).await?);
    broker.stop().await;

    report::line("People, on a broker that syncs always, each figure beside what bounds it.");
    report::line(&format!(
        "fsync p50 of this disk: {fsync:?}; {rounds} rounds of {seconds} s, medians"
    ));
    figure::print("people", &figures);
    Ok(())
}
