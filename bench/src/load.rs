//! Load, from wrk: a generator that others trust too.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use servers::{Scratch, testing};
use tokio::process::Command;

/// What most visitors' browsers say; both sides get it.
const AGENT: &str =
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const MANY: &str = include_str!("many.lua");
const REPORTS: &str = include_str!("reports.lua");

/// What came of one measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) requests: u64,
    pub(crate) requests_per_s: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// Addresses that are asked for in turn: the prefix and a number below the count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Many {
    pub(crate) prefix: &'static str,
    pub(crate) count: usize,
    /// How long a connection rests after each answer, on average, in milliseconds.
    pub(crate) rest_ms: u64,
}

/// A request that tells of clicks.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) path: String,
    pub(crate) token: String,
    /// In one line.
    pub(crate) body: String,
}

/// Asks for one address as fast as the answers come, over some connections, for some seconds.
pub(crate) async fn measure(url: &str, connections: u32, seconds: u64) -> anyhow::Result<Outcome> {
    wrk(connections, seconds, &[url.to_owned()]).await
}

/// As [`measure`], for many addresses below one.
pub(crate) async fn measure_many(
    url: &str,
    connections: u32,
    seconds: u64,
    many: Many,
) -> anyhow::Result<Outcome> {
    let (count, rest) = (many.count.to_string(), many.rest_ms.to_string());
    let folder = testing::scratch();
    let arguments = scripted(&folder, MANY, url)?;
    let arguments = arguments.chain([many.prefix.to_owned(), count, rest]);
    wrk(connections, seconds, &arguments.collect::<Vec<_>>()).await
}

/// Sends reports in turn as fast as the answers come.
pub(crate) async fn measure_reports(
    url: &str,
    connections: u32,
    seconds: u64,
    reports: &[Report],
) -> anyhow::Result<Outcome> {
    let folder = testing::scratch();
    let file = folder.path().join("reports");
    let lines = reports.iter();
    let lines = lines.map(|it| format!("{} {} {}\n", it.path, it.token, it.body));
    std::fs::write(&file, lines.collect::<String>())?;
    let arguments = scripted(&folder, REPORTS, url)?;
    let arguments = arguments.chain([file.display().to_string()]);
    wrk(connections, seconds, &arguments.collect::<Vec<_>>()).await
}

/// The arguments up to those of the script, which is written into the folder.
fn scripted(
    folder: &Scratch,
    script: &str,
    url: &str,
) -> anyhow::Result<impl Iterator<Item = String> + use<>> {
    let file = folder.path().join("script.lua");
    std::fs::write(&file, script)?;
    let file = file.display().to_string();
    Ok(["-s".to_owned(), file, url.to_owned(), "--".to_owned()].into_iter())
}

async fn wrk(connections: u32, seconds: u64, arguments: &[String]) -> anyhow::Result<Outcome> {
    let threads = if connections == 1 { "1" } else { "2" };
    let (connections, seconds) = (connections.to_string(), format!("{seconds}s"));
    let output = Command::new("wrk")
        .args(["-t", threads, "-c", &connections, "-d", &seconds])
        .args(["--latency", "-H", AGENT])
        .args(arguments)
        .output()
        .await
        .context("wrk could not be started: install it (Debian: apt install wrk)")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "wrk failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let is_bad = |it: &&str| it.contains("Non-2xx") || it.contains("Socket errors");
    if let Some(line) = text.lines().find(is_bad) {
        bail!("not every request was answered well: {}", line.trim());
    }
    parse(&text).with_context(|| format!("wrk said something else than expected:\n{text}"))
}

fn parse(text: &str) -> Option<Outcome> {
    let after = |label: &str| {
        text.lines().find_map(|line| {
            line.trim()
                .strip_prefix(label)
                .map(|rest| rest.trim().to_owned())
        })
    };
    let requests = text
        .lines()
        .find_map(|it| it.trim().split_once(" requests in"));
    Some(Outcome {
        requests: requests?.0.parse().ok()?,
        requests_per_s: after("Requests/sec:")?.parse().ok()?,
        p50: duration(&after("50%")?)?,
        p99: duration(&after("99%")?)?,
    })
}

/// `412.00us`, `1.20ms` or `1.02s`.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic())?);
    let seconds = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        _ => return None,
    };
    Some(Duration::from_secs_f64(
        number.parse::<f64>().ok()? * seconds,
    ))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::Duration;

    #[test]
    fn what_wrk_prints_is_understood() {
        let text = "  Latency Distribution\n     50%  412.00us\n     75%    1.00ms\n     99%    1.20ms\n\
                    \n  241057 requests in 5.00s, 1MB read\nRequests/sec:  48211.42\nTransfer/sec: 1MB\n";
        let outcome = parse(text).unwrap();
        assert_eq!(outcome.requests, 241_057);
        assert!((outcome.requests_per_s - 48_211.42).abs() < 0.01);
        assert_eq!(outcome.p50, Duration::from_micros(412));
        assert_eq!(outcome.p99, Duration::from_micros(1_200));
    }
}
