//! The database, asked through its own `psql`.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use anyhow::{Context as _, ensure};
use servers::{Durability, Postgres, SearchPath, StartError, Tool, Tools, testing};
use tokio::process::Command;

async fn query(url: &str, sql: &str) -> anyhow::Result<String> {
    let psql = testing::tools()
        .await
        .path(Tool::Postgres)
        .context("postgres")?
        .with_file_name("psql");
    let output = Command::new(psql)
        .args(["-XAt", "-c", sql, url])
        .output()
        .await?;
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), complaint);
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

#[tokio::test]
async fn each_test_gets_an_empty_database_of_its_own() -> anyhow::Result<()> {
    let (one, other) = tokio::join!(testing::fresh_database(), testing::fresh_database());
    query(&one, "create table a (b int)").await?;
    ensure!(query(&one, "select count(*) from a").await? == "0");
    ensure!(query(&other, "select count(*) from a").await.is_err());
    Ok(())
}

#[tokio::test]
async fn it_asks_for_its_password() -> anyhow::Result<()> {
    let url = testing::postgres().await.url("postgres");
    let (scheme, rest) = url.split_once(':').context(":")?;
    let (_, address) = rest.split_once('@').context("@")?;
    let guess = query(&format!("{scheme}://millrace:guess@{address}"), "select 1").await;
    ensure!(guess.is_err_and(|error| error.to_string().contains("password authentication failed")));
    Ok(())
}

#[tokio::test]
async fn a_database_is_created_once_however_often_it_is_asked_for() -> anyhow::Result<()> {
    let postgres = testing::postgres().await;
    let create = || postgres.create_database("asked_for_often");
    tokio::try_join!(create(), create(), create())?;
    create().await?;
    for name in ["", "a\"; drop database postgres; --", "Ä", &"a".repeat(64)] {
        let refused = postgres.create_database(name).await;
        ensure!(
            matches!(refused, Err(StartError::DatabaseName(_))),
            "{name}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn it_comes_back_on_its_port_with_its_rows_after_a_stop_and_after_a_kill()
-> anyhow::Result<()> {
    let mut postgres = testing::own_postgres().await;
    let url = postgres.url("postgres");
    query(&url, "create table kept as select 7 as it").await?;
    postgres.stop().await;
    ensure!(query(&url, "select 1").await.is_err());
    postgres.start_again().await?;
    ensure!(query(&url, "select it from kept").await? == "7");
    postgres.kill().await;
    postgres.start_again().await?;
    ensure!(postgres.url("postgres") == url && query(&url, "select it from kept").await? == "7");
    Ok(())
}

#[tokio::test]
async fn the_data_are_found_again_by_the_next_start() -> anyhow::Result<()> {
    let scratch = testing::scratch();
    let tools = testing::tools().await;
    let first = Postgres::start(tools, scratch.path(), Durability::Full).await?;
    query(
        &first.url("postgres"),
        "create table kept as select 7 as it",
    )
    .await?;
    let url = first.url("postgres");
    drop(first);
    let second = Postgres::start(tools, scratch.path(), Durability::Full).await?;
    ensure!(second.url("postgres") == url && query(&url, "select it from kept").await? == "7");
    ensure!(query(&url, "show fsync").await? == "on");
    Ok(())
}

#[tokio::test]
async fn data_of_another_version_are_refused_with_both_versions_and_the_ways_out()
-> anyhow::Result<()> {
    let scratch = testing::scratch();
    let tools = testing::tools().await;
    drop(Postgres::start(tools, scratch.path(), Durability::Relaxed).await?);
    fs::write(scratch.path().join("cluster/PG_VERSION"), "9\n")?;
    let Err(error) = Postgres::start(tools, scratch.path(), Durability::Relaxed).await else {
        anyhow::bail!("it started")
    };
    let text = error.to_string();
    ensure!(
        text.contains("data of Postgres 9") && text.contains("MILLRACE_DATA"),
        "{text}"
    );
    ensure!(
        text.contains(&scratch.path().join("cluster").display().to_string()),
        "{text}"
    );
    Ok(())
}

#[tokio::test]
async fn a_cluster_whose_making_was_cut_short_is_made_anew() -> anyhow::Result<()> {
    let scratch = testing::scratch();
    fs::create_dir(scratch.path().join("cluster.new"))?;
    fs::write(scratch.path().join("cluster.new/PG_VERSION"), "1")?;
    let tools = testing::tools().await;
    let postgres = Postgres::start(tools, scratch.path(), Durability::Relaxed).await?;
    ensure!(query(&postgres.url("postgres"), "select 1").await? == "1");
    Ok(())
}

#[tokio::test]
async fn as_root_it_runs_below_a_folder_that_others_may_not_enter() -> anyhow::Result<()> {
    let scratch = testing::scratch();
    let closed = scratch.path().join("closed");
    fs::create_dir(&closed)?;
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700))?;
    let mut postgres = Postgres::start(
        testing::tools().await,
        &closed.join("data"),
        Durability::Relaxed,
    )
    .await?;
    ensure!(query(&postgres.url("postgres"), "select 1").await? == "1");
    let owner =
        |path: &Path| fs::metadata(path).map(|found| std::os::unix::fs::MetadataExt::uid(&found));
    let runs_as = owner(Path::new(&format!("/proc/{}", postgres.pid())))?;
    ensure!(
        runs_as != 0 && owner(&closed.join("data/cluster"))? == runs_as,
        "{runs_as}"
    );
    postgres.kill().await;
    postgres.start_again().await?;
    Ok(())
}

/// A folder for the PATH with `setpriv` and `python3` in it, and no Postgres.
fn without_postgres(bin: &Path) -> anyhow::Result<SearchPath> {
    fs::create_dir(bin)?;
    let path = std::env::var_os("PATH").context("PATH")?;
    let which = |program: &str| {
        std::env::split_paths(&path)
            .map(|folder| folder.join(program))
            .find(|file| file.is_file())
    };
    std::os::unix::fs::symlink(which("setpriv").context("setpriv")?, bin.join("setpriv"))?;
    let python = which("python3").context("python3")?;
    fs::write(
        bin.join("python3"),
        format!("#!/bin/sh\nexec {} \"$@\"\n", python.display()),
    )?;
    fs::set_permissions(bin.join("python3"), fs::Permissions::from_mode(0o755))?;
    Ok(SearchPath::new(bin))
}

#[tokio::test]
async fn the_pinned_one_runs_where_none_is_on_the_path() -> anyhow::Result<()> {
    let scratch = testing::scratch();
    let search = without_postgres(&scratch.path().join("bin"))?;
    let folder = testing::tools_folder();
    let tools = Tools::provide_from(&search, &folder, &[Tool::Postgres], |_| ()).await?;
    let data = scratch.path().join("data");
    let postgres = Postgres::start(&tools, &data, Durability::Relaxed).await?;
    postgres.create_database("own").await?;
    let said = query(&postgres.url("own"), "select version(), lower('ÄÖ')").await?;
    ensure!(
        said.starts_with("PostgreSQL 18.") && said.ends_with("|äö"),
        "{said}"
    );
    Ok(())
}

#[tokio::test]
async fn a_killed_server_leaves_no_shared_memory_behind() -> anyhow::Result<()> {
    let scratch = testing::scratch();
    let tools = testing::tools().await;
    let mut postgres = Postgres::start(tools, scratch.path(), Durability::Relaxed).await?;
    let claim = fs::read_to_string(scratch.path().join("cluster/postmaster.pid"))?;
    let segment = claim
        .lines()
        .nth(6)
        .and_then(|line| line.split_whitespace().nth(1));
    let segment = segment.context("no segment")?;
    postgres.kill().await;
    ensure!(is_there(segment)?);
    drop(postgres);
    ensure!(!is_there(segment)?);
    Ok(())
}

fn is_there(segment: &str) -> anyhow::Result<bool> {
    let text = fs::read_to_string("/proc/sysvipc/shm")?;
    Ok(text
        .lines()
        .any(|line| line.split_whitespace().nth(1) == Some(segment)))
}
