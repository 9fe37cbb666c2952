//! The three processes, each alone: they meet in the broker and the database, and nowhere else.

use std::time::Duration;

use anyhow::ensure;
use rustix::process::Signal;
use serde_json::Value;
use servers::Scratch;
use servers::testing::{self, TestNats};

use crate::program::{Program, Run, free_port};
use crate::visitor::Visitor;

const JWT_SECRET: &str = "a secret of more than 32 characters";
/// 32 bytes.
const DATA_KEY: &str = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=";

/// Three processes on servers that are none of theirs.
struct Apart {
    command_api: Program,
    projectors: Program,
    query_api: Program,
    _nats: TestNats,
    _data: Scratch,
}

impl Apart {
    async fn start() -> anyhow::Result<Self> {
        let (nats, data) = (testing::nats().await, testing::scratch());
        let storage = testing::storage().await;
        let database = testing::fresh_database().await;
        let of = |process| -> anyhow::Result<Run> {
            let run = Run::of(&[process]).setting("APP_PORT", free_port()?);
            let run = run.setting("APP_ENV", "production");
            let run = run.setting("NATS_URL", nats.url());
            let run = run.setting("PUBLIC_URL", "https://go.example");
            // Production asks for both of every process.
            let run = run.setting("JWT_SECRET", JWT_SECRET);
            Ok(run.setting("DATA_KEY", DATA_KEY))
        };
        let command_api = of("command-api")?
            .setting("S3_ENDPOINT", storage.endpoint())
            .setting("S3_ACCESS_KEY_ID", storage.access_key())
            .setting("S3_SECRET_ACCESS_KEY", storage.secret_key())
            .setting("S3_BUCKET", "apart")
            .setting("MILLRACE_DATA", data.path().display());
        let mut apart = Self {
            command_api: command_api.start()?,
            projectors: of("projectors")?
                .setting("DATABASE_URL", &database)
                .start()?,
            query_api: of("query-api")?
                .setting("DATABASE_URL", &database)
                .start()?,
            _nats: nats,
            _data: data,
        };
        apart.command_api.is_ready().await?;
        apart.projectors.is_ready().await?;
        apart.query_api.is_ready().await?;
        Ok(apart)
    }
}

#[tokio::test]
async fn what_one_writes_another_projects_and_the_third_reads() -> anyhow::Result<()> {
    let apart = Apart::start().await?;
    let mut ada = Visitor::at(&apart.command_api.url(), &apart.query_api.url())?;
    ada.registers().await?;
    ada.logs_in().await?;
    let link = ada.shortens("apart", &[]).await?;
    ensure!(ada.opens("apart").await? == "https://engines.example/notes");
    let read = format!("/v1/links/{}", link.id);
    let body = ada.reads(&read, Some(&link.position)).await?;
    ensure!(
        body.get("short_url").and_then(Value::as_str) == Some("https://go.example/apart"),
        "{body}"
    );
    // The one click is the first message of its stream.
    let read = format!("/v1/links/{}/stats", link.id);
    let counted = ada.reads(&read, Some("CLICKS:1")).await?;
    ensure!(
        counted.get("total").and_then(Value::as_u64) == Some(1),
        "{counted}"
    );

    let client = reqwest::Client::new();
    let elsewhere = format!("{}/v1/links", apart.query_api.url());
    let refused = client.post(elsewhere).body("{}").send().await?.status();
    ensure!(refused == 405, "query-api took a write: {refused}");
    let elsewhere = format!("{}/v1/links/{}", apart.command_api.url(), link.id);
    let refused = client.get(elsewhere).send().await?.status();
    ensure!(refused == 404, "command-api took a read: {refused}");

    for mut process in [apart.command_api, apart.projectors, apart.query_api] {
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

#[tokio::test]
async fn a_probe_succeeds_when_the_process_can_serve_and_else_says_why_not() -> anyhow::Result<()> {
    let apart = Apart::start().await?;
    for process in [&apart.command_api, &apart.projectors, &apart.query_api] {
        let port = process.port().to_string();
        let mut probe = Run::of(&["probe", &port]).start()?;
        let status = probe.ends_within(Duration::from_secs(10)).await?;
        ensure!(status.success(), "{status}: {}", probe.everything().await);
    }
    let nobody = free_port()?.to_string();
    let said = Run::of(&["probe", &nobody]).refusal().await?;
    ensure!(
        said.contains(&format!("nothing listens on port {nobody}")),
        "{said}"
    );
    Ok(())
}

#[tokio::test]
async fn a_process_that_lacks_something_is_alive_and_its_probe_names_it() -> anyhow::Result<()> {
    let nats = testing::nats().await;
    let mut alone = Run::of(&["query-api"])
        .setting("APP_PORT", free_port()?)
        .setting("NATS_URL", nats.url())
        .setting("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
        .setting("JWT_SECRET", JWT_SECRET)
        .setting("PUBLIC_URL", "https://go.example")
        .start()?;
    alone.says("serving").await?;
    let alive = reqwest::get(format!("{}/health", alone.url())).await?;
    ensure!(alive.status() == 200);
    let port = alone.port().to_string();
    let said = Run::of(&["probe", &port]).refusal().await?;
    ensure!(
        said.contains("not ready") && said.contains("database"),
        "{said}"
    );
    Ok(())
}
