//! One connection from its first byte to its end, and all of them together.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::response::Response;
use futures::future::{Either, FutureExt};
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::task::{Id, JoinError, JoinSet};
use tower::Service;

use super::patience::{Patient, WRITE_DEADLINE};
use super::{Shortcut, Site};

/// A connection that says nothing at all is closed after this, before it costs a buffer.
const FIRST_BYTE_DEADLINE: Duration = Duration::from_secs(10);
/// How long a request's headers may take, and how long a connection may rest before them.
///
/// hyper has one clock for both. It is not restarted by each byte, so dribbled headers hold a
/// connection no longer than resting does; and it is longer than the 60 s after which gateways
/// let go of resting connections, so that none is closed under a request.
const HEAD_DEADLINE: Duration = Duration::from_secs(75);
/// What a connection may hold of a request's head, or of a body not yet taken.
const BUFFER_BYTES_MAX: usize = 16 * 1024;

/// How long a peer is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadlines {
    pub(super) first_byte: Duration,
    pub(super) head: Duration,
    pub(super) write: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            first_byte: FIRST_BYTE_DEADLINE,
            head: HEAD_DEADLINE,
            write: WRITE_DEADLINE,
        }
    }
}

/// A connection's place among those that are served at once, until the last of its clones is dropped.
///
/// Each request of the API has it among its extensions: who upgrades the connection goes on holding it.
#[derive(Clone, Debug)]
pub struct Slot(#[expect(dead_code, reason = "held")] Arc<OwnedSemaphorePermit>);

/// How connections are served.
#[derive(Clone)]
pub(super) struct Protocol {
    http: http1::Builder,
    site: Site,
    deadlines: Deadlines,
}

impl Protocol {
    pub(super) fn new(site: Site, deadlines: Deadlines) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(deadlines.head)
            .max_buf_size(BUFFER_BYTES_MAX)
            // Most answers are one small piece, for which a plain write is cheaper.
            .writev(false);
        Self {
            http,
            site,
            deadlines,
        }
    }

    /// Serves one connection. `stop` resolves when it should end after the request under way.
    async fn serve(
        self,
        stream: TcpStream,
        peer: SocketAddr,
        slot: Slot,
        mut stop: oneshot::Receiver<()>,
    ) {
        let speaks = tokio::select! {
            speaks = speaks_within(self.deadlines.first_byte, &stream) => speaks,
            _ = &mut stop => false,
        };
        // Answers are small and complete: waiting to fill a packet only delays them.
        if !speaks || stream.set_nodelay(true).is_err() {
            return;
        }
        let site = self.site;
        let service = service_fn(move |request| answer(&site, peer, &slot, request));
        let stream = TokioIo::new(Patient::new(stream, self.deadlines.write));
        let connection = self.http.serve_connection(stream, service);
        let mut connection = pin!(connection.with_upgrades());
        let ended = tokio::select! {
            biased;
            ended = connection.as_mut() => ended,
            _ = stop => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "connection ended early");
        }
    }
}

async fn speaks_within(deadline: Duration, stream: &TcpStream) -> bool {
    let mut first_byte = [0];
    let peeked = tokio::time::timeout(deadline, stream.peek(&mut first_byte)).await;
    matches!(peeked, Ok(Ok(1)))
}

fn answer(
    site: &Site,
    peer: SocketAddr,
    slot: &Slot,
    mut request: Request<Incoming>,
) -> impl Future<Output = Result<Response, Infallible>> + use<> {
    let is_taken = |it: &&Shortcut| it.takes(request.method(), request.uri().path());
    if let Some(shortcut) = site.shortcut.as_ref().filter(is_taken) {
        let (request, _) = request.into_parts();
        return Either::Left(shortcut.answer(request, peer).map(Ok));
    }
    request.extensions_mut().insert(ConnectInfo(peer));
    request.extensions_mut().insert(slot.clone());
    Either::Right(site.router.clone().call(request))
}

/// The connections being served, each with the sender whose end tells it to finish.
#[derive(Default)]
pub(super) struct Connections {
    tasks: JoinSet<()>,
    stops: HashMap<Id, oneshot::Sender<()>>,
}

impl Connections {
    pub(super) fn serve(
        &mut self,
        protocol: &Protocol,
        permit: OwnedSemaphorePermit,
        stream: TcpStream,
        peer: SocketAddr,
    ) {
        let (stop, stopped) = oneshot::channel();
        let slot = Slot(Arc::new(permit));
        let serving = protocol.clone().serve(stream, peer, slot, stopped);
        let task = self.tasks.spawn(serving);
        self.stops.insert(task.id(), stop);
    }

    /// Forgets the connections that have ended.
    pub(super) fn reap(&mut self) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.stops
                .remove(&ended.map_or_else(|error| crashed(&error), |(id, ())| id));
        }
    }

    /// Tells all to finish, waits, and cuts off those that are not done in time.
    pub(super) async fn drain(mut self, deadline: Duration) {
        self.stops.clear();
        let finish = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(deadline, finish).await.is_err() {
            tracing::warn!(
                connections = self.tasks.len(),
                "cut off at the drain's deadline"
            );
        }
        self.tasks.shutdown().await;
    }
}

fn crashed(error: &JoinError) -> Id {
    tracing::error!(%error, "a connection's task crashed");
    error.id()
}
