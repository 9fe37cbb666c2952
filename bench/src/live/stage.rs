//! The whole system in a process of its own, and links in workspaces of several people.

use std::sync::Arc;

use anyhow::Context;
use servers::Nats;

use crate::account::{Account, Link};
use crate::apart::{Apart, Served};
use crate::database::Database;
use crate::ground::Ground;
use crate::subject::ready;

/// A workspace may have 1,000 subscriptions: these have 10,000.
const WORKSPACES: usize = 10;
const LINKS_OF_EACH: usize = 10;
/// All of them.
pub(super) const LINKS: usize = WORKSPACES * LINKS_OF_EACH;
/// How many transactions ended, whichever way; what asks is one, too.
const TRANSACTIONS: &str = "select sum(xact_commit + xact_rollback) from pg_stat_database";

pub(super) struct Stage {
    pub(super) apart: Apart,
    pub(super) links: Vec<Owned>,
    broker: Nats,
    database: Database,
    /// Where the read models are.
    database_url: String,
}

/// A link, and whose it is.
#[derive(Clone)]
pub(super) struct Owned {
    pub(super) account: Arc<Account>,
    pub(super) link: Link,
}

impl Stage {
    pub(super) async fn set(ground: &Ground) -> anyhow::Result<Self> {
        let broker = ground.broker("nats").await?;
        let database = Database::start(ground).await?;
        let database_url = database.make("millrace").await?;
        let served = Served {
            broker: broker.url(),
            like: None,
            database: Some(database_url.clone()),
        };
        let apart = Apart::start(&served).await?;
        ready(&apart.url).await?;
        Ok(Self {
            links: links(&apart.url).await?,
            apart,
            broker,
            database,
            database_url,
        })
    }

    /// Ends the process; what it stored in stays, and where the read models are.
    pub(super) async fn strike(self) -> anyhow::Result<(Nats, Database, String)> {
        self.apart.kill().await?;
        Ok((self.broker, self.database, self.database_url))
    }

    /// How many transactions Postgres has seen.
    pub(super) async fn transactions(&self) -> anyhow::Result<f64> {
        let told = self.database.ask(&self.database_url, TRANSACTIONS).await?;
        Ok(told.parse()?)
    }

    /// What the broker has read and written, the network among it.
    pub(super) fn broker_bytes(&self) -> anyhow::Result<f64> {
        let io = std::fs::read_to_string(format!("/proc/{}/io", self.broker.pid()))?;
        let count = |label: &str| -> anyhow::Result<f64> {
            let count = io.lines().find_map(|it| it.strip_prefix(label));
            Ok(count.context("no count of bytes")?.trim().parse()?)
        };
        Ok(count("rchar:")? + count("wchar:")?)
    }
}

async fn links(url: &str) -> anyhow::Result<Vec<Owned>> {
    let mut links = Vec::with_capacity(LINKS);
    for workspace in 0..WORKSPACES {
        let account = Arc::new(Account::register(url, &format!("live{workspace}")).await?);
        for number in 0..LINKS_OF_EACH {
            let link = account.makes(&format!("live{workspace}x{number}")).await?;
            let account = Arc::clone(&account);
            links.push(Owned { account, link });
        }
    }
    Ok(links)
}
