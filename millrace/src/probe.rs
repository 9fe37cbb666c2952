//! Asking a process whether it can serve, from the same machine.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// More of an answer isn't read.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Fails, and says what is missing, unless `GET /health/ready` answers 200.
pub async fn run(port: u16) -> anyhow::Result<()> {
    let answer = tokio::time::timeout(PATIENCE, ask(port))
        .await
        .with_context(|| format!("port {port} did not answer within {PATIENCE:?}"))??;
    let body = answer.rsplit("\r\n\r\n").next().unwrap_or_default();
    ensure!(answer.starts_with("HTTP/1.1 200"), "not ready: {body}");
    Ok(())
}

async fn ask(port: u16) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| format!("nothing listens on port {port}"))?;
    let request = "GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream
        .take(ANSWER_BYTES_MAX)
        .read_to_string(&mut answer)
        .await?;
    Ok(answer)
}
