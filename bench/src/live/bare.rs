//! The peer of the fan-out: a bare axum server that broadcasts frames to all sockets of a group.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use axum::extract::{Path, State, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use futures::SinkExt;
use tokio::net::TcpListener;
use tokio::sync::broadcast::{self, Receiver, Sender};

/// Frames that may wait for a socket, as many as may for one of ours.
const FRAMES_MAX: usize = 2_048;

#[derive(Clone)]
pub(super) struct Bare {
    groups: Arc<[Sender<Utf8Bytes>]>,
}

impl Bare {
    pub(super) async fn start(groups: usize) -> anyhow::Result<(Self, SocketAddr)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let listener = listener.tap_io(|stream| {
            // As ours: frames are small, and waiting to fill a packet only delays them.
            stream.set_nodelay(true).unwrap_or_default();
        });
        let bare = Self {
            groups: (0..groups)
                .map(|_| broadcast::channel(FRAMES_MAX).0)
                .collect(),
        };
        let router = Router::new()
            .route("/{group}", get(join))
            .with_state(bare.clone());
        #[expect(
            clippy::disallowed_methods,
            reason = "the peer lives as long as the program"
        )]
        drop(tokio::spawn(
            async move { axum::serve(listener, router).await },
        ));
        Ok((bare, address))
    }

    /// Sends frames to all of a group.
    pub(super) fn send(&self, group: usize, frames: &[Utf8Bytes]) {
        if let Some(sender) = self.groups.get(group) {
            for frame in frames {
                // Nobody may listen any more.
                sender.send(frame.clone()).unwrap_or_default();
            }
        }
    }
}

async fn join(
    State(bare): State<Bare>,
    Path(group): Path<usize>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Some(frames) = bare.groups.get(group).map(Sender::subscribe) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    upgrade.on_upgrade(async move |mut socket| {
        let mut frames = frames;
        while pass(&mut socket, &mut frames).await.is_some() {}
    })
}

/// Passes on what waits, in one go; `None` at the end.
async fn pass(socket: &mut WebSocket, frames: &mut Receiver<Utf8Bytes>) -> Option<()> {
    let mut next = Some(frames.recv().await.ok()?);
    while let Some(frame) = next {
        socket.feed(Message::Text(frame)).await.ok()?;
        next = frames.try_recv().ok();
    }
    socket.flush().await.ok()
}
