//! The three processes apart, on servers that are none of theirs, each with what it needs and nothing more.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use rustix::process::Signal;
use servers::testing::{self, TestNats, TestPostgres};
use servers::{Scratch, Tool};
use tokio::process::Command;

use crate::program::{Program, Run, free_port};
use crate::visitor::Visitor;

pub(crate) const JWT_SECRET: &str = "a secret of more than 32 characters";
/// 32 bytes.
pub(crate) const DATA_KEY: &str = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=";
const DATABASE: &str = "millrace";
/// What the compose file's Postgres is given for its logins.
const PASSWORDS: [(&str, &str); 2] = [
    ("POSTGRES_PROJECTORS_PASSWORD", "it's projected"),
    ("POSTGRES_QUERY_API_PASSWORD", "it's asked"),
];

/// A broker, a bucket, and a database with the logins that the compose file makes.
pub(crate) struct Installation {
    nats: TestNats,
    data: Scratch,
    postgres: TestPostgres,
}

/// Its processes, at work.
pub(crate) struct Apart {
    pub(crate) command_api: Program,
    pub(crate) projectors: Program,
    pub(crate) query_api: Program,
}

impl Installation {
    pub(crate) async fn new() -> anyhow::Result<Self> {
        let (nats, postgres) = tokio::join!(testing::nats(), testing::own_postgres());
        postgres.create_database(DATABASE).await?;
        let data = testing::scratch();
        let installation = Self {
            nats,
            data,
            postgres,
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../compose/postgres.sql");
        let script = script.to_str().context("no path")?;
        installation.psql(&["--file", script]).await?;
        Ok(installation)
    }

    pub(crate) fn nats_url(&self) -> String {
        self.nats.url()
    }

    /// The database, for one of its logins.
    pub(crate) fn database_url(&self, login: &str) -> anyhow::Result<String> {
        let all = self.postgres.url(DATABASE);
        let (_, address) = all.split_once('@').context("no @")?;
        let variable = format!("POSTGRES_{}_PASSWORD", login.to_uppercase());
        let password = PASSWORDS.iter().find(|(name, _)| *name == variable);
        let password = password.context("no such login")?.1.replace(' ', "%20");
        Ok(format!("postgres://{login}:{password}@{address}"))
    }

    /// What the superuser is answered.
    pub(crate) async fn psql(&self, arguments: &[&str]) -> anyhow::Result<String> {
        self.psql_at(&self.postgres.url(DATABASE), arguments).await
    }

    /// What a login is answered.
    pub(crate) async fn psql_as(&self, login: &str, sql: &str) -> anyhow::Result<String> {
        let arguments = ["--tuples-only", "--no-align", "--command", sql];
        self.psql_at(&self.database_url(login)?, &arguments).await
    }

    async fn psql_at(&self, url: &str, arguments: &[&str]) -> anyhow::Result<String> {
        let postgres = testing::tools().await.path(Tool::Postgres);
        let psql = postgres.context("no Postgres")?.with_file_name("psql");
        let said = Command::new(psql)
            .args([
                "--no-psqlrc",
                "--quiet",
                "--set=ON_ERROR_STOP=1",
                "--dbname",
                url,
            ])
            .args(arguments)
            .envs(PASSWORDS)
            .output()
            .await?;
        let complaint = String::from_utf8_lossy(&said.stderr);
        ensure!(said.status.success(), "{complaint}");
        Ok(String::from_utf8(said.stdout)?.trim().to_owned())
    }

    /// A process as production starts it.
    pub(crate) async fn run(&self, process: &str, data_key: &str) -> anyhow::Result<Run> {
        let port = free_port()?;
        // No two processes share a folder.
        let folder = self.data.path().join(port.to_string());
        let run = Run::of(&[process])
            .setting("APP_ENV", "production")
            .setting("APP_PORT", port)
            .setting("NATS_URL", self.nats_url());
        let storage = testing::storage().await;
        Ok(match process {
            "command-api" => run
                .setting("PUBLIC_URL", "https://go.example")
                .setting("JWT_SECRET", JWT_SECRET)
                .setting("DATA_KEY", data_key)
                .setting("MILLRACE_DATA", folder.display())
                .setting("S3_ENDPOINT", storage.endpoint())
                .setting("S3_ACCESS_KEY_ID", storage.access_key())
                .setting("S3_SECRET_ACCESS_KEY", storage.secret_key())
                .setting("S3_BUCKET", "apart"),
            "projectors" => run
                .setting("DATABASE_URL", self.database_url("projectors")?)
                .setting("DATA_KEY", data_key),
            "query-api" => run
                .setting("PUBLIC_URL", "https://go.example")
                .setting("DATABASE_URL", self.database_url("query_api")?)
                .setting("JWT_SECRET", JWT_SECRET),
            _ => run.setting("DATA_KEY", data_key),
        })
    }

    /// Starts the three, and waits until they can serve.
    pub(crate) async fn start(&self, data_key: &str) -> anyhow::Result<Apart> {
        let mut apart = Apart {
            command_api: self.run("command-api", data_key).await?.start()?,
            projectors: self.run("projectors", data_key).await?.start()?,
            query_api: self.run("query-api", data_key).await?.start()?,
        };
        apart.command_api.is_ready().await?;
        apart.projectors.is_ready().await?;
        apart.query_api.is_ready().await?;
        Ok(apart)
    }
}

impl Apart {
    /// Somebody who writes to the one and reads from the other.
    pub(crate) fn visitor(&self) -> anyhow::Result<Visitor> {
        Visitor::at(&self.command_api.url(), &self.query_api.url())
    }

    /// Ends them in order.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        for mut process in [self.command_api, self.projectors, self.query_api] {
            process.signal(Signal::TERM)?;
            let status = process.ends_within(Duration::from_secs(15)).await?;
            ensure!(
                status.success(),
                "{status}, saying:\n{}",
                process.everything().await
            );
        }
        Ok(())
    }
}
