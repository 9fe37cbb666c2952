//! A live subscription, from its greeting to its end.

use std::net::SocketAddr;
use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// A click must be heard within this of its answer.
const SOON: Duration = Duration::from_secs(5);
/// What a reader with a small buffer takes before it reads.
const SMALL_BUFFER_BYTES: u32 = 4 * 1024;

/// An open subscription that has been greeted.
pub(crate) struct Watch {
    socket: WebSocketStream<TcpStream>,
    /// The last frame, for the last word of a wait that was too long.
    last: Value,
    pub(crate) headers: HeaderMap,
}

/// How a subscription came to its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Closed, with this code.
    Closed(u16),
    /// Not even opened: answered with this status.
    Refused(u16),
}

impl Watch {
    pub(crate) async fn open(address: SocketAddr, path: &str, token: &str) -> Self {
        let bearer = ("authorization", format!("Bearer {token}"));
        Self::try_open(address, path, &[bearer], None)
            .await
            .unwrap()
    }

    /// As [`Watch::open`], for one who takes in little before he reads.
    pub(crate) async fn open_with_small_buffer(
        address: SocketAddr,
        path: &str,
        token: &str,
    ) -> Self {
        let bearer = ("authorization", format!("Bearer {token}"));
        Self::try_open(address, path, &[bearer], Some(SMALL_BUFFER_BYTES))
            .await
            .unwrap()
    }

    /// With any headers; refused with a status, or greeted.
    pub(crate) async fn try_open(
        address: SocketAddr,
        path: &str,
        headers: &[(&'static str, String)],
        buffer_bytes: Option<u32>,
    ) -> Result<Self, End> {
        let mut watch = Self::connect(address, path, headers, buffer_bytes).await?;
        let ready = watch.frame().await?;
        assert_eq!(ready["type"], "ready");
        let caught_up = json!({ "type": "caught_up", "cursor": ready["cursor"] });
        assert_eq!(watch.frame().await?, caught_up);
        Ok(watch)
    }

    /// As [`Watch::try_open`], where nobody is greeted.
    pub(crate) async fn connect(
        address: SocketAddr,
        path: &str,
        headers: &[(&'static str, String)],
        buffer_bytes: Option<u32>,
    ) -> Result<Self, End> {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = buffer_bytes {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        let stream = socket.connect(address).await.unwrap();
        let mut request = format!("ws://{address}{path}")
            .into_client_request()
            .unwrap();
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).unwrap();
            request.headers_mut().insert(*name, value);
        }
        let opened = timeout(SOON, client_async(request, stream)).await;
        match opened.expect("the handshake is answered") {
            Ok((socket, response)) => {
                let headers = response.headers().clone();
                Ok(Self {
                    socket,
                    last: Value::Null,
                    headers,
                })
            }
            Err(Error::Http(response)) => Err(End::Refused(response.status().as_u16())),
            Err(error) => panic!("{error}"),
        }
    }

    /// The next frame, or the end; where it is comes with a ping now and then, and is passed over.
    pub(crate) async fn frame(&mut self) -> Result<Value, End> {
        loop {
            let next = timeout(SOON, self.socket.next()).await;
            let message = next
                .unwrap_or_else(|_| panic!("no frame within {SOON:?} after {}", self.last))
                .unwrap_or_else(|| panic!("no close after {}", self.last));
            match message.unwrap() {
                Message::Text(text) => {
                    self.last = serde_json::from_str(&text).unwrap();
                    if self.last["type"] != "at" {
                        return Ok(self.last.clone());
                    }
                }
                Message::Close(frame) => return Err(End::Closed(frame.unwrap().code.into())),
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    /// The next frame, which must be a click.
    pub(crate) async fn click(&mut self) -> Value {
        let frame = self.frame().await.unwrap();
        assert_eq!(frame["type"], "click", "{frame}");
        frame
    }

    /// The next so many clicks, none of which comes twice.
    pub(crate) async fn clicks(&mut self, count: usize) -> Vec<Value> {
        let mut clicks = Vec::with_capacity(count);
        for _ in 0..count {
            clicks.push(self.click().await);
        }
        clicks
    }
}

/// The subprotocols by which a browser subscribes.
pub(crate) fn protocols(token: &str) -> (&'static str, String) {
    (
        "sec-websocket-protocol",
        format!("millrace.v1, bearer.{token}"),
    )
}

/// The message and the place in it that a frame's cursor names; which log it is of follows them.
pub(crate) fn place(frame: &Value) -> (u64, u64) {
    let (place, _log) = frame["cursor"].as_str().unwrap().split_once('-').unwrap();
    let (sequence, index) = place.split_once('.').unwrap();
    (sequence.parse().unwrap(), index.parse().unwrap())
}
