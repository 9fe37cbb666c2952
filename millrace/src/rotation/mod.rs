//! Another `DATA_KEY`: whatever an older one has wrapped is wrapped anew by the first, beside running processes.

mod pass;
mod tally;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use nats::Broker;
use service::config::{Config, ConfigError, Required, Secret};
use service::keys::DataKey;

use self::tally::Tally;
use crate::reach::reach;

/// How often everything is looked through: one pass wraps anew, and the next finds nothing left to do,
/// unless somebody goes on wrapping with an older key.
const PASSES_MAX: usize = 5;
/// How often it is told how far the work has come.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Wraps everything anew by the first key, and tells how it went; ends well only when nothing is left.
pub async fn run(config: Config) -> anyhow::Result<()> {
    let (nats_url, data_key) = needed(config)?;
    let broker = reach(&nats_url, "millrace rotate-data-key").await;
    let broker = broker.context("the broker (NATS_URL) can't be used")?;
    let mut told = Instant::now();
    let total = rotate(&broker, &data_key, |looked_at| {
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            progress(looked_at);
        }
    })
    .await?;
    report(&total);
    Ok(())
}

/// The private broker of `millrace up` has an address that changes, so it is no default here.
fn needed(config: Config) -> Result<(Secret, DataKey), ConfigError> {
    let mut required = Required::default();
    let nats_url = required.take("NATS_URL", config.nats_url);
    let data_key = required.take("DATA_KEY", config.data_key);
    let (Some(nats_url), Some(data_key)) = (nats_url, data_key) else {
        return Err(required.into());
    };
    Ok((nats_url, data_key))
}

/// `tell` hears from time to time how many keys were looked at.
async fn rotate(
    broker: &Broker,
    data_key: &DataKey,
    mut tell: impl FnMut(u64),
) -> anyhow::Result<Tally> {
    let mut total = Tally::default();
    for _ in 0..PASSES_MAX {
        let pass = pass::over_everything(broker, data_key, &mut tell).await?;
        let is_all_done = pass.is_all_done();
        total.add(pass);
        ensure!(total.unopened == 0, "{}", total.complaint());
        if is_all_done {
            return Ok(total);
        }
    }
    bail!(
        "keys go on being wrapped by an older key ({} were wrapped anew): \
         let DATA_KEY begin with the new key in every process, and run this again",
        total.anew
    )
}

#[expect(
    clippy::print_stderr,
    reason = "speaks to the person who started it, not to a log"
)]
fn progress(looked_at: u64) {
    eprintln!("{looked_at} keys looked at");
}

#[expect(
    clippy::print_stdout,
    reason = "the report is what the command was started for"
)]
fn report(total: &Tally) {
    println!("{total}");
}
