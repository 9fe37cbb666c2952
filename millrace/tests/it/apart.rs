//! The three processes, each alone: they meet in the broker and the database, and nowhere else.

use std::time::Duration;

use anyhow::ensure;
use serde_json::Value;
use servers::testing;

use crate::installation::{DATA_KEY, Installation, JWT_SECRET};
use crate::program::{Run, free_port};
use crate::visitor::Visitor;

#[tokio::test]
async fn what_one_writes_another_projects_and_the_third_reads() -> anyhow::Result<()> {
    let installation = Installation::new().await?;
    let apart = installation.start(DATA_KEY).await?;
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
    ensure!(refused == 405, "command-api took a read: {refused}");

    apart.stop().await
}

#[tokio::test]
async fn a_probe_succeeds_when_the_process_can_serve_and_else_says_why_not() -> anyhow::Result<()> {
    let installation = Installation::new().await?;
    let apart = installation.start(DATA_KEY).await?;
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

#[tokio::test]
async fn the_logins_of_the_compose_file_may_do_what_their_process_does_and_no_more()
-> anyhow::Result<()> {
    let installation = Installation::new().await?;
    installation.start(DATA_KEY).await?.stop().await?;
    let may = "select string_agg(rolname, ' ') from pg_roles
                where rolname like 'millrace%' and pg_has_role(current_user, oid, 'member')";
    for (login, role) in [
        ("projectors", "millrace_projectors"),
        ("query_api", "millrace_query"),
    ] {
        let roles = installation.psql_as(login, may).await?;
        ensure!(roles == role, "{login} is a member of {roles}");
        for sql in [
            "create role more",
            "create database more",
            "create table public.more (it int)",
            "select 1 from pg_authid",
            "create temporary table more (it int)",
        ] {
            let refused = installation.psql_as(login, sql).await;
            let said = refused.err().map(|it| it.to_string()).unwrap_or_default();
            ensure!(said.contains("permission denied"), "{login}: {sql}: {said}");
        }
    }
    for sql in [
        "create schema more",
        "set role millrace_projectors",
        "set role millrace_query; insert into core.session_list default values",
        "set role millrace_query; delete from core.user_profile",
    ] {
        let refused = installation.psql_as("query_api", sql).await;
        let said = refused.err().map(|it| it.to_string()).unwrap_or_default();
        ensure!(said.contains("permission denied"), "{sql}: {said}");
    }
    Ok(())
}
