//! The broker, spoken to in its own protocol.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, ensure};
use servers::{Nats, NeighbourNats, StartError, testing};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::timeout,
};

/// Logs in as the URL says and returns the broker's answer to a request, or its refusal.
async fn ask(url: &str, request: &str, answer: &str) -> anyhow::Result<String> {
    let (login, address) = url
        .trim_start_matches("nats://")
        .split_once('@')
        .context("no login")?;
    let (user, pass) = login.split_once(':').context("no password")?;
    let mut stream = BufReader::new(TcpStream::connect(address).await?);
    let connect =
        format!("CONNECT {{\"verbose\":false,\"user\":\"{user}\",\"pass\":\"{pass}\"}}\r\n");
    stream
        .write_all(format!("{connect}{request}PING\r\n").as_bytes())
        .await?;
    let mut said = String::new();
    while !said.contains(answer) && !said.contains("-ERR") {
        let line = timeout(Duration::from_secs(2), stream.read_line(&mut said)).await??;
        ensure!(line > 0, "the broker hung up: {said}");
    }
    Ok(said)
}

/// A `JetStream` request without a body.
fn jetstream(subject: &str, body: &str) -> String {
    let length = body.len();
    format!("SUB _INBOX.x 1\r\nPUB $JS.API.{subject} _INBOX.x {length}\r\n{body}\r\n")
}

async fn streams(url: &str) -> anyhow::Result<String> {
    ask(url, &jetstream("STREAM.NAMES", ""), "\"total\"").await
}

#[tokio::test]
async fn it_asks_for_its_password() -> anyhow::Result<()> {
    let nats = testing::nats().await;
    ensure!(ask(&nats.url(), "", "PONG").await?.contains("PONG"));
    let (_, address) = nats
        .url()
        .split_once('@')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .context("@")?;
    let said = ask(&format!("nats://millrace:guess@{address}"), "", "PONG").await?;
    ensure!(said.contains("Authorization Violation"), "{said}");
    Ok(())
}

#[tokio::test]
async fn it_comes_back_on_its_port_with_its_streams_after_a_stop_and_after_a_kill()
-> anyhow::Result<()> {
    let mut nats = testing::nats().await;
    let url = nats.url();
    let stream = r#"{"name":"KEPT","subjects":["kept"]}"#;
    ask(
        &url,
        &jetstream("STREAM.CREATE.KEPT", stream),
        "\"created\"",
    )
    .await?;
    ensure!(streams(&url).await?.contains("KEPT"));
    nats.stop().await;
    ensure!(nats.exited().now().is_some() && TcpStream::connect(address(&url)?).await.is_err());
    nats.start_again().await?;
    ensure!(streams(&url).await?.contains("KEPT"));
    nats.kill().await;
    ensure!(nats.exited().now().and_then(servers::Exit::signal) == Some(9));
    nats.start_again().await?;
    ensure!(nats.url() == url && streams(&url).await?.contains("KEPT"));
    Ok(())
}

fn address(url: &str) -> anyhow::Result<String> {
    Ok(url.split_once('@').context("@")?.1.to_owned())
}

#[tokio::test]
async fn streams_of_before_the_accounts_are_taken_over() -> anyhow::Result<()> {
    let scratch = testing::scratch();
    let tools = testing::tools().await;
    let mut nats = Nats::start(tools, scratch.path()).await?;
    let stream = r#"{"name":"KEPT","subjects":["kept"]}"#;
    let create = jetstream("STREAM.CREATE.KEPT", stream);
    ask(&nats.url(), &create, "\"created\"").await?;
    nats.stop().await;
    drop(nats);
    // As a broker without accounts names its only one.
    let accounts = scratch.path().join("jetstream/jetstream");
    std::fs::rename(accounts.join("MILLRACE"), accounts.join("$G"))?;
    let nats = Nats::start(tools, scratch.path()).await?;
    ensure!(streams(&nats.url()).await?.contains("KEPT"));
    Ok(())
}

#[tokio::test]
async fn a_neighbour_finds_it_and_gives_it_accounts() -> anyhow::Result<()> {
    let scratch = testing::scratch();
    ensure!(NeighbourNats::find(scratch.path()).is_none());
    let nats = Nats::start(testing::tools().await, scratch.path()).await?;
    let neighbour = NeighbourNats::find(scratch.path()).context("nobody is there")?;
    ensure!(neighbour.url() == nats.url() && neighbour.consumers()?.is_empty());
    neighbour
        .set_consumers(r#"{"OTHERS": {"users": [{"user": "ada", "password": "lovelace"}]}}"#)?;
    let ada = format!("nats://ada:lovelace@{}", address(&nats.url())?);
    ensure!(ask(&ada, "", "PONG").await?.contains("-ERR"));
    neighbour.reload()?;
    let let_in = async {
        while ask(&ada, "", "PONG")
            .await
            .is_ok_and(|it| it.contains("-ERR"))
        {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(5), let_in).await?;
    ensure!(ask(&ada, "", "PONG").await?.contains("PONG"));
    Ok(())
}

#[tokio::test]
async fn paused_it_answers_nobody_and_resumed_it_does() -> anyhow::Result<()> {
    let nats = testing::nats().await;
    nats.pause();
    ensure!(
        timeout(Duration::from_millis(300), ask(&nats.url(), "", "PONG"))
            .await
            .is_err()
    );
    nats.resume();
    ensure!(ask(&nats.url(), "", "PONG").await?.contains("PONG"));
    Ok(())
}

#[tokio::test]
async fn it_stops_even_while_it_is_paused() -> anyhow::Result<()> {
    let mut nats = testing::nats().await;
    nats.pause();
    timeout(Duration::from_secs(5), nats.stop()).await?;
    Ok(())
}

#[tokio::test]
async fn its_end_is_learned_by_whoever_asks() -> anyhow::Result<()> {
    let mut nats = testing::nats().await;
    let mut exited = nats.exited();
    let (exit, ()) = tokio::join!(timeout(Duration::from_secs(2), exited.wait()), nats.kill());
    let exit = exit?;
    ensure!(
        exit.is_some_and(|exit| exit.to_string().contains("SIGKILL")),
        "{exit:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_second_holder_of_the_data_is_refused() -> anyhow::Result<()> {
    let scratch = testing::scratch();
    let tools = testing::tools().await;
    let first = Nats::start(tools, scratch.path()).await?;
    let second = Nats::start(tools, scratch.path()).await;
    let Err(error @ StartError::InUse(_)) = second else {
        anyhow::bail!("{second:?}")
    };
    ensure!(
        error.to_string().contains("in use by another millrace"),
        "{error}"
    );
    drop(first);
    Nats::start(tools, scratch.path()).await?;
    Ok(())
}

#[tokio::test]
async fn a_start_that_fails_shows_the_end_of_the_log() -> anyhow::Result<()> {
    let scratch = testing::scratch();
    // Where the store should be is a file.
    std::fs::write(scratch.path().join("jetstream"), "")?;
    let Err(error) = Nats::start(testing::tools().await, scratch.path()).await else {
        anyhow::bail!("it started")
    };
    let text = error.to_string();
    ensure!(
        text.contains("server.log") && text.contains("storage directory is not a directory"),
        "{text}"
    );
    Ok(())
}

#[tokio::test]
async fn an_occupied_port_is_left_for_another() -> anyhow::Result<()> {
    let scratch = testing::scratch();
    let tools = testing::tools().await;
    let first = Nats::start(tools, scratch.path()).await?;
    let url = first.url();
    drop(first);
    let taken = tokio::net::TcpListener::bind(address(&url)?).await?;
    let second = Nats::start(tools, scratch.path()).await?;
    ensure!(second.url() != url && ask(&second.url(), "", "PONG").await?.contains("PONG"));
    drop(taken);
    Ok(())
}

#[tokio::test]
async fn the_secret_is_for_its_owner_alone() -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = testing::scratch();
    let _nats = Nats::start(testing::tools().await, scratch.path()).await?;
    for name in ["server.json", "nats-server.conf", "consumers.conf"] {
        let mode = std::fs::metadata(Path::join(scratch.path(), name))?
            .permissions()
            .mode();
        ensure!(mode & 0o777 == 0o600, "{name} is {mode:o}");
    }
    Ok(())
}
