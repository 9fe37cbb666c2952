//! Counts the clicks on each link, every click once, and keeps the counts in a file.
//!
//! `NATS_URL=nats://<name>:<password>@<host>:<port> consumer counts.json`

mod counts;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use async_nats::jetstream::{self, consumer::PullConsumer};
use async_nats::{Client, ConnectOptions};
use futures::StreamExt;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

use self::counts::Counts;

const STREAM: &str = "CLICKS";
const DOMAIN: &str = "millrace";
const PAUSE: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = url()?;
    let name = url.username().to_owned();
    let path = std::env::args_os()
        .nth(1)
        .context("name the file of the counts")?;
    let mut counts = Counts::open(PathBuf::from(path))?;
    // It connects again for as long as it takes.
    let client = ConnectOptions::with_user_and_password(
        name.clone(),
        url.password().unwrap_or_default().to_owned(),
    )
    .name(&name)
    .connect(url.as_str())
    .await?;
    let (mut interrupted, mut terminated) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    tokio::select! {
        () = read_for_ever(&client, &name, &mut counts) => {}
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program of its own, with one setting"
)]
fn url() -> anyhow::Result<Url> {
    let url = std::env::var("NATS_URL").context("set NATS_URL")?;
    url.parse().context("NATS_URL is no URL")
}

#[expect(clippy::infinite_loop, reason = "until it is dropped")]
#[expect(clippy::print_stderr, reason = "for whoever started it")]
async fn read_for_ever(client: &Client, name: &str, counts: &mut Counts) {
    loop {
        if let Err(error) = read(client, name, counts).await {
            eprintln!("the broker: {error:#}");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn read(client: &Client, name: &str, counts: &mut Counts) -> anyhow::Result<()> {
    let jetstream = jetstream::with_domain(client.clone(), DOMAIN);
    let consumer: PullConsumer = jetstream.get_consumer_from_stream(name, STREAM).await?;
    // One at a time: the next comes when this one is acknowledged.
    let mut messages = consumer
        .stream()
        .max_messages_per_batch(1)
        .messages()
        .await?;
    while let Some(message) = messages.next().await {
        let message = message?;
        counts.take(&message)?;
        // With a receipt, so that a stop right after it leaves nothing to come again.
        if let Err(error) = message.double_ack().await {
            anyhow::bail!("not acknowledged: {error}");
        }
    }
    Ok(())
}
