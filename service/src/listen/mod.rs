//! The accept loop: bounded connections with deadlines, and a drain that leaves nobody half-served.
//!
//! `axum::serve` lets a socket that sends nothing live for ever; this one doesn't.

mod connection;
mod descriptors;
mod patience;
mod site;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

pub use self::connection::Slot;
use self::connection::{Connections, Deadlines, Protocol};
pub use self::descriptors::raise_descriptor_limit;
pub use self::site::{Shortcut, Site};

/// Connections served at once; the next ones wait in the kernel's queue.
/// Fewer where the system allows too few open files.
pub const CONNECTIONS_MAX: usize = 20_000;
/// How long connections may take to finish once the listener stops.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(10);
/// Breath taken when the system has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// An open port.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    connections_max: usize,
    deadlines: Deadlines,
}

/// A port could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program has it.
    #[error("port {} is taken by another program; stop it, or set APP_PORT to a free one", .0.port())]
    Occupied(SocketAddr),
    /// The system refuses.
    #[error("cannot listen on {address}")]
    Refused {
        /// What was asked for.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl Listener {
    /// Opens `address`; port 0 takes a free one.
    /// Raises the limit of open files, and takes no more connections than it has room for.
    pub async fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let refused = |source: io::Error| {
            if source.kind() == io::ErrorKind::AddrInUse {
                return BindError::Occupied(address);
            }
            BindError::Refused { address, source }
        };
        let socket = TcpListener::bind(address).await.map_err(refused)?;
        let address = socket.local_addr().map_err(refused)?;
        Ok(Self {
            socket,
            address,
            connections_max: connections_max(),
            deadlines: Deadlines::default(),
        })
    }

    /// Takes no more connections at once than that.
    #[must_use]
    pub fn at_most(mut self, connections: usize) -> Self {
        self.connections_max = self.connections_max.min(connections);
        self
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves `site` until `stop`; then accepts no more, lets requests under way finish
    /// ([`DRAIN_DEADLINE`] at most), and returns. Handlers find the peer in
    /// `ConnectInfo<SocketAddr>`. Upgraded connections belong to their handlers, which hold their [`Slot`].
    pub async fn serve(self, site: Site, stop: CancellationToken) {
        let protocol = Protocol::new(site, self.deadlines);
        let permits = Arc::new(Semaphore::new(self.connections_max));
        let mut connections = Connections::default();
        while let Some((permit, stream, peer)) = self.next(&permits, &stop).await {
            connections.reap();
            connections.serve(&protocol, permit, stream, peer);
        }
        drop(self.socket);
        connections.drain(DRAIN_DEADLINE).await;
    }

    /// The next connection, once there is room for it; `None` when stopped.
    async fn next(
        &self,
        permits: &Arc<Semaphore>,
        stop: &CancellationToken,
    ) -> Option<(OwnedSemaphorePermit, TcpStream, SocketAddr)> {
        let accept = async {
            let permit = Arc::clone(permits).acquire_owned().await.ok()?;
            let (stream, peer) = self.accept().await;
            Some((permit, stream, peer))
        };
        stop.run_until_cancelled(accept).await.flatten()
    }

    async fn accept(&self) -> (TcpStream, SocketAddr) {
        loop {
            match self.socket.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if is_of_the_peer(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "cannot accept connections");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// [`CONNECTIONS_MAX`], or what the limit of open files has room for.
fn connections_max() -> usize {
    let limit = raise_descriptor_limit();
    let connections = descriptors::connections_max(limit);
    if connections < CONNECTIONS_MAX {
        tracing::warn!(
            connections,
            limit,
            "the limit of open files bounds the connections"
        );
    }
    connections
}

/// The peer went away before it was accepted: nothing to wait for.
fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
