//! Starts that must be refused, each in words that tell what to do next.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use anyhow::ensure;
use servers::testing;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::program::{Run, free_port, is_empty};

const JWT_SECRET: &str = "a secret of more than 32 characters";
/// 32 bytes.
const DATA_KEY: &str = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=";

fn says_all(said: &str, parts: &[&str]) -> anyhow::Result<()> {
    let missing: Vec<_> = parts.iter().filter(|part| !said.contains(**part)).collect();
    ensure!(missing.is_empty(), "{missing:?} are missing in:\n{said}");
    Ok(())
}

#[tokio::test]
async fn an_occupied_port_is_named_before_anything_is_started() -> anyhow::Result<()> {
    let data = testing::scratch();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = taken.local_addr()?.port();
    let run = Run::up(data.path())?.setting("APP_PORT", port);
    let said = run.refusal().await?;
    says_all(&said, &[&port.to_string(), "APP_PORT"])?;
    ensure!(is_empty(data.path())?, "something was started");
    Ok(())
}

#[tokio::test]
async fn outside_development_all_missing_secrets_are_named_at_once() -> anyhow::Result<()> {
    let data = testing::scratch();
    for environment in ["production", "staging"] {
        let run = Run::up(data.path())?.setting("APP_ENV", environment);
        says_all(
            &run.refusal().await?,
            &["JWT_SECRET", "DATA_KEY", "PUBLIC_URL"],
        )?;
        ensure!(is_empty(data.path())?, "something was started");
    }
    Ok(())
}

#[tokio::test]
async fn faults_of_settings_are_told_together_and_without_the_secrets() -> anyhow::Result<()> {
    let data = testing::scratch();
    let run = Run::up(data.path())?
        .setting("APP_ENV", "production")
        .setting("APP_PORT", "eighty")
        .setting("JWT_SECRET", "hunter2")
        .setting("DATA_KEY", "aHVudGVyMw==")
        .setting("DATABASE_URL", "mysql://root:hunter4@localhost");
    let said = run.refusal().await?;
    says_all(
        &said,
        &["APP_PORT", "JWT_SECRET", "32", "DATA_KEY", "DATABASE_URL"],
    )?;
    for secret in ["hunter2", "aHVudGVyMw", "hunter4"] {
        ensure!(!said.contains(secret), "{said}");
    }
    Ok(())
}

#[tokio::test]
async fn each_process_apart_names_all_that_it_needs_at_once() -> anyhow::Result<()> {
    let needs: [(&str, &[&str]); 3] = [
        (
            "command-api",
            &[
                "NATS_URL",
                "S3_ENDPOINT",
                "DATA_KEY",
                "JWT_SECRET",
                "PUBLIC_URL",
            ],
        ),
        ("projectors", &["NATS_URL", "DATABASE_URL", "DATA_KEY"]),
        (
            "query-api",
            &["NATS_URL", "DATABASE_URL", "JWT_SECRET", "PUBLIC_URL"],
        ),
    ];
    for (process, settings) in needs {
        let run = Run::of(&[process]).setting("APP_PORT", free_port()?);
        says_all(&run.refusal().await?, settings)?;
    }
    Ok(())
}

#[tokio::test]
async fn a_broker_that_is_too_old_is_told_which_one_would_do() -> anyhow::Result<()> {
    let (_brokers, port) = old_broker()?;
    let run = Run::of(&["query-api"])
        .setting("APP_PORT", free_port()?)
        .setting("NATS_URL", format!("nats://127.0.0.1:{port}"))
        .setting("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
        .setting("JWT_SECRET", JWT_SECRET)
        .setting("PUBLIC_URL", "http://localhost");
    says_all(&run.refusal().await?, &["2.14.0", "2.15", "NATS_URL"])
}

/// Greets as nats-server 2.14 did, and answers pings.
fn old_broker() -> anyhow::Result<(JoinSet<()>, u16)> {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = socket.local_addr()?.port();
    socket.set_nonblocking(true)?;
    let socket = tokio::net::TcpListener::from_std(socket)?;
    let mut brokers = JoinSet::new();
    brokers.spawn(async move {
        while let Ok((stream, _)) = socket.accept().await {
            // Who leaves early has heard what it came for.
            greet(stream, port).await.ok();
        }
    });
    Ok((brokers, port))
}

async fn greet(stream: TcpStream, port: u16) -> std::io::Result<()> {
    let info = serde_json::json!({
        "server_id": "OLD", "server_name": "old", "version": "2.14.0", "go": "go1.24", "proto": 1,
        "host": "127.0.0.1", "port": port, "headers": true, "max_payload": 1_048_576,
        "jetstream": true, "client_id": 1,
    });
    let mut stream = BufReader::new(stream);
    stream
        .write_all(format!("INFO {info}\r\n").as_bytes())
        .await?;
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        if line.starts_with("PING") {
            stream.write_all(b"PONG\r\n").await?;
        }
        line.clear();
    }
    Ok(())
}

#[tokio::test]
async fn data_of_another_postgres_are_left_alone_and_the_ways_out_are_told() -> anyhow::Result<()> {
    let data = testing::scratch();
    let cluster = data.path().join("postgres/cluster");
    fs::create_dir_all(&cluster)?;
    fs::write(cluster.join("PG_VERSION"), "12\n")?;
    let said = Run::up(data.path())?.refusal().await?;
    says_all(
        &said,
        &[
            "Postgres 12",
            "MILLRACE_DATA",
            &cluster.display().to_string(),
        ],
    )?;
    ensure!(fs::read_to_string(cluster.join("PG_VERSION"))? == "12\n");
    Ok(())
}

#[tokio::test]
async fn a_data_key_that_was_damaged_is_not_replaced() -> anyhow::Result<()> {
    let data = testing::scratch();
    fs::write(data.path().join("data_key"), "no key")?;
    let said = Run::up(data.path())?.refusal().await?;
    says_all(&said, &["data_key"])?;
    ensure!(fs::read_to_string(data.path().join("data_key"))? == "no key");
    let given = Run::up(data.path())?.setting("DATA_KEY", DATA_KEY);
    let program = given.serve().await?;
    drop(program);
    Ok(())
}
