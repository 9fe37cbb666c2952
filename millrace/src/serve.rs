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

/// Sends the last spans; a collector that is away must not keep the process.
pub(crate) async fn end(telemetry: Telemetry) -> anyhow::Result<()> {
    Ok(tokio::task::spawn_blocking(|| telemetry.shutdown()).await?)
}
