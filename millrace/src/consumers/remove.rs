//! An end to somebody's reading.

use anyhow::ensure;
use events::StreamName;
use nats::{ReaderAccount, ReaderName};

use super::broker::Bus;
use super::{explain, tell};

pub(super) async fn run(bus: &Bus, name: &ReaderName) -> anyhow::Result<()> {
    let mut is_there = bus.close_account(name)?;
    let consumers = bus.broker.readers().await?;
    let is_theirs = |stream: &StreamName| {
        let mut all = consumers.iter();
        all.any(|it| it.reader == *name && it.stream == *stream)
    };
    // A durable consumer of that name that somebody made otherwise is not ours to remove.
    for stream in StreamName::ALL.into_iter().filter(is_theirs) {
        is_there |= bus.broker.remove_reader(name, stream).await?;
    }
    ensure!(is_there, "there is no consumer {name}");
    tell(&format!("{name} reads no more"));
    if !bus.is_private() {
        let account = ReaderAccount::name_of(name);
        explain(&format!(
            "Its user has nothing left to read. Take \"{account}\" out of consumers.conf, and let the broker read it:\n  \
             nats-server --signal reload"
        ));
    }
    Ok(())
}
