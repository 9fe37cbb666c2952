//! Counts the clicks on each link, every click once, and keeps the counts in a file.
//!
//! `NATS_URL=nats://<name>:<password>@<host>:<port> consumer counts.json`

mod counts;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use async_nats::jetstream::{self, consumer::PullConsumer};
use async_nats::{Client, ConnectOptions};
use futures::StreamExt;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

use self::counts::Counts;

const STREAM: &str = "CLICKS";
const DOMAIN: &str = "millrace";
const PAUSE: Duration = Duration::from_secs(1);

/// Why the reading stopped.
enum Stop {
    /// The broker failed, and is asked again.
    Broker(async_nats::Error),
    /// To read on would lose clicks.
    Here(anyhow::Error),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = url()?;
    let name = url.username().to_owned();
    let path = std::env::args_os()
        .nth(1)
        .context("name the file of the counts")?;
    let mut counts = Counts::open(Path::new(&path))?;
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
        ended = read_for_ever(&client, &name, &mut counts) => ended,
        _ = interrupted.recv() => Ok(()),
        _ = terminated.recv() => Ok(()),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program of its own, with one setting"
)]
fn url() -> anyhow::Result<Url> {
    let url = std::env::var("NATS_URL").context("set NATS_URL")?;
    url.parse().context("NATS_URL is no URL")
}

#[expect(clippy::print_stderr, reason = "for whoever started it")]
async fn read_for_ever(client: &Client, name: &str, counts: &mut Counts) -> anyhow::Result<()> {
    loop {
        match read(client, name, counts).await {
            Ok(()) => {}
            Err(Stop::Broker(error)) => eprintln!("the broker: {error}"),
            Err(Stop::Here(error)) => return Err(error),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn read(client: &Client, name: &str, counts: &mut Counts) -> Result<(), Stop> {
    let jetstream = jetstream::with_domain(client.clone(), DOMAIN);
    let consumer = jetstream.get_consumer_from_stream(name, STREAM).await;
    let consumer: PullConsumer = consumer.map_err(broker)?;
    ensure_in_order(&consumer).map_err(Stop::Here)?;
    // One at a time: the next comes when this one is acknowledged.
    let messages = consumer.stream().max_messages_per_batch(1).messages().await;
    let mut messages = messages.map_err(broker)?;
    while let Some(message) = messages.next().await {
        let message = message.map_err(broker)?;
        let taken = counts.take(&message);
        let taken = taken.context("a message could not be counted");
        taken.map_err(Stop::Here)?;
        // With a receipt, so that a stop right after it leaves nothing to come again.
        message.double_ack().await.map_err(broker)?;
    }
    Ok(())
}

fn broker(error: impl Into<async_nats::Error>) -> Stop {
    Stop::Broker(error.into())
}

/// With several messages under way, one that comes again may come after later ones, and would be passed over.
fn ensure_in_order(consumer: &PullConsumer) -> anyhow::Result<()> {
    let in_flight = consumer.cached_info().config.max_ack_pending;
    ensure!(
        in_flight == 1,
        "the consumer gives {in_flight} messages at once, and this program counts right with one alone: \
         remove the consumer, and add it without --in-flight"
    );
    Ok(())
}
