//! One look at everything that is wrapped.

use anyhow::{Context, anyhow};
use futures::stream::{self, StreamExt, TryStreamExt};
use nats::{Broker, WrappedKey};
use service::keys::DataKey;

use super::tally::{Outcome, Tally};

/// Keys that are stored at once: enough that a sync of the disk is not waited for by one alone.
const IN_FLIGHT_MAX: usize = 64;

/// Wraps anew what an older key has wrapped.
///
/// The secret comes first: from then on no process starts that knows the older keys only.
pub(super) async fn over_everything(
    broker: &Broker,
    data_key: &DataKey,
    tell: &mut impl FnMut(u64),
) -> anyhow::Result<Tally> {
    let mut tally = Tally {
        is_secret_anew: secret(broker, data_key).await?,
        ..Tally::default()
    };
    users_keys(broker, data_key, &mut tally, tell)
        .await
        .context("some keys were not looked at; what is wrapped anew stays so, and another run goes on from there")?;
    Ok(tally)
}

async fn users_keys(
    broker: &Broker,
    data_key: &DataKey,
    tally: &mut Tally,
    tell: &mut impl FnMut(u64),
) -> anyhow::Result<()> {
    let mut keys = broker.wrapped_keys().await?;
    loop {
        let page = keys.next_page().await?;
        if page.is_empty() {
            return Ok(());
        }
        let work = stream::iter(page).map(|key| one(broker, data_key, key));
        let mut outcomes = work.buffer_unordered(IN_FLIGHT_MAX);
        while let Some(outcome) = outcomes.try_next().await? {
            tally.take(&outcome);
        }
        tell(tally.looked_at());
    }
}

/// Whether the installation's secret was wrapped by an older key.
async fn secret(broker: &Broker, data_key: &DataKey) -> anyhow::Result<bool> {
    let (wrapped, sequence) = broker.secret().await?.with_context(
        || "no Millrace was started with the broker at NATS_URL, so nothing is wrapped there",
    )?;
    let rewrapped = data_key.rewrap_secret(&String::from_utf8_lossy(&wrapped));
    let rewrapped = rewrapped.map_err(|_| {
        anyhow!(
            "no key of DATA_KEY is the one that this log is in use with: \
             give that one, too, behind the new one"
        )
    })?;
    let Some(rewrapped) = rewrapped else {
        return Ok(false);
    };
    // If somebody else was faster, the next pass looks at what that one has stored.
    broker.replace_secret(rewrapped.into(), sequence).await?;
    Ok(true)
}

async fn one(broker: &Broker, data_key: &DataKey, key: WrappedKey) -> anyhow::Result<Outcome> {
    let wrapped = String::from_utf8_lossy(&key.wrapped);
    let rewrapped = match data_key.rewrap(key.user, &wrapped) {
        Ok(Some(rewrapped)) => rewrapped,
        Ok(None) => return Ok(Outcome::Already),
        // What was destroyed or stored anew since it was listed says nothing of the keys.
        Err(_) if broker.key(key.user).await?.as_ref() == Some(&key.wrapped) => {
            return Ok(Outcome::Unopened(key.user));
        }
        Err(_) => return not_there_any_more(broker, &key).await,
    };
    let replaced = broker.replace_key(key.user, rewrapped.into(), key.sequence);
    if replaced.await? {
        Ok(Outcome::Anew)
    } else {
        not_there_any_more(broker, &key).await
    }
}

async fn not_there_any_more(broker: &Broker, key: &WrappedKey) -> anyhow::Result<Outcome> {
    let stands = broker.key(key.user).await?;
    Ok(stands.map_or(Outcome::Gone, |_| Outcome::Overtaken))
}
