//! A private Postgres, and what it is asked from outside.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use servers::{Durability, Postgres, Tool};
use tokio::process::Command;

use crate::ground::Ground;

/// A Postgres that loses nothing, and the `psql` beside it.
pub(crate) struct Database {
    server: Postgres,
    psql: PathBuf,
}

impl Database {
    pub(crate) async fn start(ground: &Ground) -> anyhow::Result<Self> {
        let data = ground.path().join("postgres");
        let program = ground.tools.path(Tool::Postgres).context("no Postgres")?;
        Ok(Self {
            server: Postgres::start(&ground.tools, &data, Durability::Full).await?,
            psql: program.with_file_name("psql"),
        })
    }

    /// A database of that name, and where it is reached.
    pub(crate) async fn make(&self, name: &str) -> anyhow::Result<String> {
        self.server.create_database(name).await?;
        Ok(self.server.url(name))
    }

    /// What is said to a command, of SQL or of psql.
    pub(crate) async fn ask(&self, url: &str, command: &str) -> anyhow::Result<String> {
        let said = Command::new(&self.psql)
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--dbname", url, "--command", command])
            .output()
            .await?;
        let complaint = String::from_utf8_lossy(&said.stderr);
        ensure!(said.status.success(), "psql failed: {complaint}");
        Ok(String::from_utf8(said.stdout)?.trim().to_owned())
    }
}
