//! Serving until somebody, or something, ends it.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::bail;
use service::shutdown;
use service::telemetry::Telemetry;

use crate::system::System;

/// Every address of the machine.
pub(crate) fn everywhere(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))
}

/// Waits for Ctrl-C or SIGTERM; fails when a part of the system can't go on.
pub(crate) async fn until_stopped(system: &System) -> anyhow::Result<()> {
    tokio::select! {
        signal = shutdown::signal() => {
            signal?;
            tracing::info!("stopping");
            Ok(())
        }
        part = system.failed() => bail!("{part} can't go on"),
    }
}

/// Ends the system; why it ends is told before what went wrong with the ending.
pub(crate) async fn end(system: System, reason: anyhow::Result<()>) -> anyhow::Result<()> {
    let stopped = system.stop().await;
    reason?;
    Ok(stopped?)
}

/// Sends the last spans, away from the threads that must not block.
pub(crate) async fn flush(telemetry: Telemetry) {
    if let Err(error) = tokio::task::spawn_blocking(|| telemetry.shutdown()).await {
        tracing::warn!(%error, "the last spans were not sent");
    }
}
