//! A subscriber's end: it says nothing and takes what comes.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use events::Timestamp;
use futures::StreamExt;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Thousands of these share a process.
const BUFFER_BYTES: usize = 4 * 1_024;
/// With pings it may be told where it is, which nobody here waits for.
const AT: &str = r#"{"type":"at""#;
/// How long an opening may take.
const OPENING_MAX: Duration = Duration::from_secs(30);

pub(super) struct Socket(WebSocketStream<TcpStream>);

/// What is read of a click's frame.
#[derive(Deserialize)]
pub(super) struct Frame<'a> {
    cursor: &'a str,
    pub(super) click: Click,
}

#[derive(Deserialize)]
pub(super) struct Click {
    pub(super) occurred_at: Timestamp,
}

impl Socket {
    /// Subscribes to live clicks, and waits for the greeting.
    pub(super) async fn open(address: SocketAddr, path: &str, token: &str) -> anyhow::Result<Self> {
        let mut socket = Self::connect(address, path, token).await?;
        for expected in [r#"{"type":"ready""#, r#"{"type":"caught_up""#] {
            let frame = timeout(OPENING_MAX, socket.frame()).await??;
            anyhow::ensure!(frame.starts_with(expected), "no greeting: {frame}");
        }
        Ok(socket)
    }

    /// As [`Socket::open`], where nobody is greeted.
    pub(super) async fn connect(
        address: SocketAddr,
        path: &str,
        token: &str,
    ) -> anyhow::Result<Self> {
        let mut request = format!("ws://{address}{path}").into_client_request()?;
        let token = HeaderValue::try_from(format!("Bearer {token}"))?;
        request.headers_mut().insert("authorization", token);
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(0);
        let opened = async {
            let stream = TcpStream::connect(address).await?;
            let opened = client_async_with_config(request, stream, Some(config)).await;
            opened.map_err(told)
        };
        let (socket, _) = timeout(OPENING_MAX, opened).await??;
        Ok(Self(socket))
    }

    /// The next frame.
    pub(super) async fn frame(&mut self) -> anyhow::Result<Utf8Bytes> {
        loop {
            match self.0.next().await.context("the socket ended")?? {
                Message::Text(text) if text.starts_with(AT) => {}
                Message::Text(text) => return Ok(text),
                Message::Close(close) => bail!("the socket was closed: {close:?}"),
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}

/// A refusal with what it says.
fn told(error: Error) -> anyhow::Error {
    if let Error::Http(answer) = &error {
        let body = answer.body().as_deref().unwrap_or_default();
        let body = String::from_utf8_lossy(body).into_owned();
        return anyhow::Error::new(error).context(body);
    }
    error.into()
}

impl<'a> Frame<'a> {
    pub(super) fn read(text: &'a str) -> anyhow::Result<Self> {
        let frame = serde_json::from_str(text);
        frame.with_context(|| format!("no click: {text}"))
    }

    /// The sequence of the message that holds the click.
    pub(super) fn sequence(&self) -> anyhow::Result<u64> {
        let (sequence, _) = self.cursor.split_once('.').context("no cursor")?;
        Ok(sequence.parse()?)
    }
}
