//! Everything in one process: a start, a tour, a stop that loses nothing, and the next start.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use servers::testing;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::descendants::{are_gone, servers_of};
use crate::program::{Program, Run};
use crate::visitor::{PASSWORD, Visitor};

/// How long an orderly stop may take.
const STOPS_WITHIN: Duration = Duration::from_secs(15);
/// How long the servers may outlive a parent that was killed.
const GONE_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_stop_answers_what_is_under_way_leaves_nobody_behind_and_the_next_start_finds_the_data()
-> anyhow::Result<()> {
    let data = testing::scratch();
    let run = Run::up(data.path())?;

    let mut first = run.serve().await?;
    let mut ada = Visitor::at(&first.url(), &first.url())?;
    ada.registers().await?;
    ada.logs_in().await?;
    let link = ada.shortens("kept", &[]).await?;
    ensure!(ada.opens(&link.slug).await? == "https://engines.example/notes");

    let servers = servers_of(first.pid()?)?;
    let under_way = UnderWay::begin(first.port()).await?;
    first.signal(Signal::INT)?;
    no_longer_listens(first.port()).await?;
    ensure!(under_way.finish().await?.starts_with("HTTP/1.1 201"));
    let status = first.ends_within(STOPS_WITHIN).await?;
    let said = first.everything().await;
    ensure!(status.success(), "it ended with {status}, saying:\n{said}");
    are_gone(&servers, Duration::ZERO).await?;

    let second = run.serve().await?;
    ensure!(ada.opens("kept").await? == "https://engines.example/notes");
    // The secret that signed the token, and the key that sealed the address, were kept.
    let me = ada.reads("/v1/core/users/me", None).await?;
    ada.logs_in().await?;
    ensure!(ada.reads("/v1/core/users/me", None).await? == me);
    stops(second, Signal::TERM).await
}

async fn stops(mut program: Program, signal: Signal) -> anyhow::Result<()> {
    let servers = servers_of(program.pid()?)?;
    program.signal(signal)?;
    let status = program.ends_within(STOPS_WITHIN).await?;
    ensure!(
        status.success(),
        "{status}, saying:\n{}",
        program.everything().await
    );
    are_gone(&servers, Duration::ZERO).await
}

/// A request of which the server has taken the head, and waits for the body.
struct UnderWay {
    stream: BufReader<TcpStream>,
    body: String,
}

impl UnderWay {
    async fn begin(port: u16) -> anyhow::Result<Self> {
        let mut stream = BufReader::new(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?);
        let body = json!({ "email": "last@engines.example", "password": PASSWORD, "name": "Last" });
        let body = body.to_string();
        let head = format!(
            "POST /v1/core/users HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             expect: 100-continue\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        // The server says so when the handler asks for the body (RFC 9110 §10.1.1).
        let mut line = String::new();
        timeout(GONE_WITHIN, stream.read_line(&mut line)).await??;
        ensure!(line.starts_with("HTTP/1.1 100"), "{line}");
        stream.read_line(&mut line).await?;
        Ok(Self { stream, body })
    }

    async fn finish(mut self) -> anyhow::Result<String> {
        self.stream.write_all(self.body.as_bytes()).await?;
        let mut answer = String::new();
        timeout(STOPS_WITHIN, self.stream.read_to_string(&mut answer)).await??;
        Ok(answer)
    }
}

async fn no_longer_listens(port: u16) -> anyhow::Result<()> {
    let refused = async {
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .is_ok()
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(GONE_WITHIN, refused)
        .await
        .context("it still takes connections after it was told to stop")
}

#[tokio::test]
async fn killing_it_takes_its_servers_and_their_children_with_it() -> anyhow::Result<()> {
    let data = testing::scratch();
    let mut program = Run::up(data.path())?.serve().await?;
    let servers = servers_of(program.pid()?)?;
    program.signal(Signal::KILL)?;
    program.ends_within(GONE_WITHIN).await?;
    are_gone(&servers, GONE_WITHIN).await
}

#[tokio::test]
async fn a_private_server_that_is_killed_is_started_again_and_nothing_is_lost() -> anyhow::Result<()>
{
    let data = testing::scratch();
    let mut program = Run::up(data.path())?.serve().await?;
    let mut ada = Visitor::at(&program.url(), &program.url())?;
    ada.registers().await?;
    ada.logs_in().await?;
    let link = ada.shortens("kept", &[]).await?;
    for (name, server) in [
        ("postgres", "Postgres"),
        ("nats-server", "NATS"),
        ("weed", "S3"),
    ] {
        ada.opens(&link.slug).await?;
        let servers = servers_of(program.pid()?)?;
        let pid = servers
            .iter()
            .find(|it| it.name == name)
            .context("no server")?
            .pid;
        kill_process(
            Pid::from_raw(i32::try_from(pid)?).context("no process")?,
            Signal::KILL,
        )?;
        program.says(&format!("server=\"{server}\"")).await?;
        program.is_ready().await?;
    }
    ada.opens(&link.slug).await?;
    ada.counts(4).await?;
    stops(program, Signal::INT).await
}

#[tokio::test]
async fn another_data_key_than_the_logs_own_is_refused() -> anyhow::Result<()> {
    let data = testing::scratch();
    let program = Run::up(data.path())?.serve().await?;
    stops(program, Signal::TERM).await?;
    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let said = Run::up(data.path())?
        .setting("DATA_KEY", other)
        .refusal()
        .await?;
    ensure!(
        said.contains("DATA_KEY is not the key that this log is in use with"),
        "{said}"
    );
    Ok(())
}

#[tokio::test]
async fn a_folder_in_use_is_named_and_the_one_who_uses_it_goes_on() -> anyhow::Result<()> {
    let data = testing::scratch();
    let mut first = Run::up(data.path())?.serve().await?;
    let said = Run::up(data.path())?.refusal().await?;
    ensure!(
        said.contains("in use by another millrace") && said.contains("MILLRACE_DATA"),
        "{said}"
    );
    ensure!(said.contains(&data.path().display().to_string()), "{said}");
    first.is_ready().await?;
    servers_of(first.pid()?).map(|_| ())
}

#[tokio::test]
async fn the_tour_that_it_prints_can_be_pasted_into_a_shell() -> anyhow::Result<()> {
    let data = testing::scratch();
    let program = Run::up(data.path())?.serve().await?;
    let tour = millrace_tour(&program)?;
    let shell = tokio::process::Command::new("sh")
        .args(["-eu", "-c", &tour])
        .kill_on_drop(true)
        .output();
    let output = timeout(STOPS_WITHIN, shell).await??;
    let said = String::from_utf8(output.stdout)?;
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{complaint}");
    ensure!(said.contains("location: https://example.com"), "{said}");
    let last = said.lines().last().context("nothing")?;
    let stats: Value = serde_json::from_str(last).with_context(|| said.clone())?;
    ensure!(stats.get("total").is_some(), "{stats}");
    Ok(())
}

/// The indented lines between the invitation and the farewell.
fn millrace_tour(program: &Program) -> anyhow::Result<String> {
    let said = program.said_so_far();
    let (_, tour) = said
        .split_once("to paste into another shell:")
        .context("no tour")?;
    let (tour, _) = tour.split_once("Ctrl-C").context("no end of the tour")?;
    Ok(tour.to_owned())
}
