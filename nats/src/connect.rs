//! The connection to the broker: made once, kept by itself for ever after.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{self, context::ContextBuilder};
use async_nats::{Client, ConnectOptions, Event};
use tokio::sync::{Semaphore, watch};

use crate::RequestError;
use crate::address::parse;
use crate::batch::BATCHES_IN_FLIGHT_MAX;
use crate::message::MESSAGE_BYTES_MAX;
use crate::request::ANSWER_WAIT_MAX;

/// Earlier servers compact blocks without syncing them, whatever `sync_interval` says (nats-server #8475).
const VERSION_MIN: (i64, i64) = (2, 15);
/// A full message of clicks with its headers, and as much again for the largest event; nats-server's own default.
const PAYLOAD_BYTES_MIN: usize = 2 * MESSAGE_BYTES_MAX;
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(5);
/// Two unanswered pings mean that the connection is dead.
const PING_INTERVAL: Duration = Duration::from_secs(5);
const RECONNECT_PAUSE_MAX: Duration = Duration::from_secs(1);
/// Commands that may wait for the connection's task before their senders wait too.
const COMMANDS_WAITING_MAX: usize = 8_192;

/// The broker, through one connection that all clones share.
#[derive(Clone, Debug)]
pub struct Broker {
    pub(crate) client: Client,
    pub(crate) jetstream: jetstream::Context,
    pub(crate) batches: Arc<Semaphore>,
    connection: watch::Receiver<Connection>,
}

/// What is known of the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// Whether it stands.
    pub is_up: bool,
    /// How often it was made: more than once after a disconnect.
    pub count: u64,
}

/// There is no broker that Millrace could use.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL isn't one of `nats://`, `tls://`, `ws://` or `wss://`.
    #[error("the broker's URL is wrong")]
    Url(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No server answered there, or it didn't let us in.
    #[error("the broker cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server is too old to keep what it acknowledges.
    #[error("the broker is nats-server {found}, but Millrace needs 2.15 or newer")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// The server takes only messages that are smaller than some that Millrace writes.
    #[error(
        "the broker takes messages of {found} bytes at most, but Millrace needs {needed}: raise max_payload in its configuration"
    )]
    PayloadTooSmall {
        /// Its `max_payload`, in bytes.
        found: usize,
        /// The smallest that will do.
        needed: usize,
    },
    /// The server, or the account, has no JetStream.
    #[error("the broker has no JetStream: enable it in the server and for the account")]
    NoJetStream(#[source] RequestError),
}

impl Broker {
    /// Connects once; whoever wants to wait for a broker calls again.
    ///
    /// `url` is one URL or several of a cluster, comma-separated; the first one's user and password, or token, count.
    /// `name` is what the broker's monitoring shows.
    pub async fn connect(url: &str, name: &str) -> Result<Self, ConnectError> {
        let (servers, credentials) = parse(url).map_err(ConnectError::Url)?;
        let (seen, mut connection) = watch::channel(Connection::default());
        let unreachable = |error: async_nats::ConnectError| ConnectError::Unreachable(error.into());
        let client = credentials
            .options(options(name, seen))
            .connect(servers)
            .await
            .map_err(unreachable)?;
        check(&client)?;
        // The event arrives a moment after the connection; until then a request would take it for a reconnect.
        let noticed = connection.wait_for(|connection| connection.is_up);
        drop(tokio::time::timeout(CONNECT_WAIT_MAX, noticed).await);
        let broker = Self {
            jetstream: ContextBuilder::new()
                .timeout(ANSWER_WAIT_MAX)
                .build(client.clone()),
            client,
            batches: Arc::new(Semaphore::new(BATCHES_IN_FLIGHT_MAX)),
            connection,
        };
        broker
            .api::<serde::de::IgnoredAny>("INFO", &())
            .await
            .map_err(ConnectError::NoJetStream)?;
        Ok(broker)
    }

    /// Whether the connection stands at this moment.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == async_nats::connection::State::Connected
    }

    /// The connection's ups and downs.
    pub fn connection(&self) -> watch::Receiver<Connection> {
        self.connection.clone()
    }

    /// How long the broker takes to answer, JetStream included.
    pub async fn round_trip(&self) -> Result<Duration, RequestError> {
        let start = tokio::time::Instant::now();
        self.api::<serde::de::IgnoredAny>("INFO", &()).await?;
        Ok(start.elapsed())
    }
}

fn check(client: &Client) -> Result<(), ConnectError> {
    let server = client.server_info();
    if !client.is_server_compatible(VERSION_MIN.0, VERSION_MIN.1, 0) {
        let found = server.version;
        return Err(ConnectError::TooOld { found });
    }
    if server.max_payload < PAYLOAD_BYTES_MIN {
        return Err(ConnectError::PayloadTooSmall {
            found: server.max_payload,
            needed: PAYLOAD_BYTES_MIN,
        });
    }
    Ok(())
}

fn options(name: &str, seen: watch::Sender<Connection>) -> ConnectOptions {
    let seen = Arc::new(seen);
    ConnectOptions::new()
        .name(name)
        .connection_timeout(CONNECT_WAIT_MAX)
        .request_timeout(Some(ANSWER_WAIT_MAX))
        .ping_interval(PING_INTERVAL)
        .client_capacity(COMMANDS_WAITING_MAX)
        .max_reconnects(None)
        .reconnect_delay_callback(|attempt| {
            let doublings = u32::try_from(attempt).unwrap_or(u32::MAX).min(10);
            Duration::from_millis(2)
                .saturating_mul(1 << doublings)
                .min(RECONNECT_PAUSE_MAX)
        })
        .event_callback(move |event| {
            notice(&event, &seen);
            std::future::ready(())
        })
}

fn notice(event: &Event, seen: &watch::Sender<Connection>) {
    match event {
        Event::Connected => {
            tracing::info!("connected to the broker");
            seen.send_modify(|connection| {
                connection.is_up = true;
                connection.count += 1;
            });
        }
        Event::Disconnected | Event::Closed => {
            tracing::warn!("disconnected from the broker");
            seen.send_modify(|connection| connection.is_up = false);
        }
        Event::LameDuckMode | Event::Draining => tracing::info!("broker: {event}"),
        Event::SlowConsumer(_) | Event::ServerError(_) | Event::ClientError(_) => {
            tracing::warn!("broker: {event}");
        }
    }
}
