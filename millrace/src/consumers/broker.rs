//! The broker whose consumers these are, and the accounts that its configuration includes.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail};
use events::StreamName;
use nats::{Broker, ConnectError, Login, ReaderAccount, ReaderName, can_read};
use serde_json::Value;
use servers::NeighbourNats;
use service::config::{Config, Secret};
use tokio::time::timeout;

use crate::reach::reach;

/// How long a broker may take to let in whom its configuration names; it needs milliseconds.
const LETS_IN_WITHIN: Duration = Duration::from_secs(10);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// The bus, spoken to as the system.
pub(super) struct Bus {
    pub(super) broker: Broker,
    url: Secret,
    /// The private broker, whose configuration is ours to write.
    private: Option<NeighbourNats>,
}

/// The accounts of those who read, by their names.
type Accounts = BTreeMap<String, Value>;

impl Bus {
    pub(super) async fn reach(config: Config) -> anyhow::Result<Self> {
        let (url, private) = if let Some(url) = config.nats_url {
            (url, None)
        } else {
            let data = config.data_dir.join("nats");
            let private = NeighbourNats::find(&data).with_context(|| {
                format!(
                    "NATS_URL is not set, and {} has no private broker",
                    data.display()
                )
            })?;
            (Secret::new(private.url()), Some(private))
        };
        let broker = reach(&url, "millrace consumers")
            .await
            .with_context(|| match &private {
                Some(_) => "the private broker can't be used; is `millrace up` running?",
                None => "the broker (NATS_URL) can't be used",
            })?;
        Ok(Self {
            broker,
            url,
            private,
        })
    }

    /// Where a reader connects: a URL for each server, with no login but the reader's.
    pub(super) fn urls(&self, login: &Login) -> Result<Vec<String>, ConnectError> {
        login.urls(self.url.expose())
    }

    /// Whether its configuration is ours to write.
    pub(super) fn is_private(&self) -> bool {
        self.private.is_some()
    }

    /// Whether a reader of that name has an account, as far as can be seen from here.
    pub(super) fn has_account(&self, reader: &ReaderName) -> anyhow::Result<bool> {
        let Some(private) = &self.private else {
            return Ok(false);
        };
        Ok(accounts(private)?.contains_key(&ReaderAccount::name_of(reader)))
    }

    /// Writes the account, and waits until the broker lets the reader in.
    pub(super) async fn open_account(
        &self,
        account: ReaderAccount,
        login: &Login,
        streams: &[StreamName],
    ) -> anyhow::Result<()> {
        let Some(private) = &self.private else {
            return Ok(());
        };
        put(private, account)?;
        let mut last = None;
        let let_in = async {
            loop {
                // It hears the imports of an account that is new from the second time on.
                private.reload()?;
                tokio::time::sleep(PAUSE).await;
                match can_read(self.url.expose(), login, streams).await {
                    Ok(()) => return Ok(()),
                    Err(error) => last = Some(error),
                }
            }
        };
        match timeout(LETS_IN_WITHIN, let_in).await {
            Ok(done) => done,
            Err(_) => bail!("the broker does not let {} in: {last:?}", login.reader),
        }
    }

    /// Takes the account away, and whoever is logged in with it is cut off; answers whether there was one.
    pub(super) fn close_account(&self, reader: &ReaderName) -> anyhow::Result<bool> {
        let Some(private) = &self.private else {
            return Ok(false);
        };
        let _held = private.lock_consumers()?;
        let mut accounts = accounts(private)?;
        if accounts.remove(&ReaderAccount::name_of(reader)).is_none() {
            return Ok(false);
        }
        write(private, &accounts)?;
        private.reload()?;
        Ok(true)
    }
}

fn accounts(private: &NeighbourNats) -> anyhow::Result<Accounts> {
    let text = private.consumers()?;
    if text.is_empty() {
        return Ok(Accounts::new());
    }
    serde_json::from_str(&text)
        .context("the private broker's consumers.conf is not as `millrace consumers` wrote it")
}

fn put(private: &NeighbourNats, account: ReaderAccount) -> anyhow::Result<()> {
    let _held = private.lock_consumers()?;
    let mut accounts = accounts(private)?;
    accounts.insert(account.name, account.config);
    write(private, &accounts)
}

fn write(private: &NeighbourNats, accounts: &Accounts) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(accounts)?;
    private.set_consumers(&text)?;
    Ok(())
}
