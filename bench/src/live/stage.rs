//! The whole system in a process of its own, and links in workspaces of several people.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use servers::{Durability, Nats, Postgres, Tool};
use tokio::process::Command;

use crate::account::{Account, Link};
use crate::apart::{Apart, Served};
use crate::ground::Ground;
use crate::subject::ready;

pub(super) const DATABASE: &str = "millrace";
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
    postgres: Postgres,
    psql: PathBuf,
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
        let data = ground.path().join("postgres");
        let postgres = Postgres::start(&ground.tools, &data, Durability::Full).await?;
        postgres.create_database(DATABASE).await?;
        let program = ground.tools.path(Tool::Postgres).context("no Postgres")?;
        let psql = program.with_file_name("psql");
        let served = Served {
            broker: broker.url(),
            like: None,
            database: Some(postgres.url(DATABASE)),
        };
        let apart = Apart::start(&served).await?;
        ready(&apart.url).await?;
        Ok(Self {
            links: links(&apart.url).await?,
            apart,
            broker,
            postgres,
            psql,
        })
    }

    /// Ends the process; what it stored in stays.
    pub(super) async fn strike(self) -> anyhow::Result<(Nats, Postgres)> {
        self.apart.kill().await?;
        Ok((self.broker, self.postgres))
    }

    /// How many transactions Postgres has seen.
    pub(super) async fn transactions(&self) -> anyhow::Result<f64> {
        let asked = Command::new(&self.psql)
            .arg(self.postgres.url(DATABASE))
            .args(["--no-psqlrc", "--tuples-only", "--no-align", "--command"])
            .arg(TRANSACTIONS)
            .output()
            .await?;
        let said = String::from_utf8_lossy(&asked.stderr);
        ensure!(asked.status.success(), "psql failed: {said}");
        Ok(String::from_utf8(asked.stdout)?.trim().parse()?)
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
