//! Load, from wrk: a generator that others trust too.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::process::Command;

/// What most visitors' browsers say; both sides get it.
const AGENT: &str =
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// What came of one measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) requests_per_s: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// Asks for one address as fast as the answers come, over some connections, for some seconds.
pub(crate) async fn measure(url: &str, connections: u32, seconds: u64) -> anyhow::Result<Outcome> {
    let threads = if connections == 1 { "1" } else { "2" };
    let output = Command::new("wrk")
        .args([
            "-t",
            threads,
            "-c",
            &connections.to_string(),
            "-d",
            &format!("{seconds}s"),
        ])
        .args(["--latency", "-H", AGENT, url])
        .output()
        .await
        .context("wrk could not be started: install it (Debian: apt install wrk)")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "wrk failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    if let Some(line) = text
        .lines()
        .find(|it| it.contains("Non-2xx") || it.contains("Socket errors"))
    {
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
    Some(Outcome {
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
                    Requests/sec:  48211.42\nTransfer/sec: 1MB\n";
        let outcome = parse(text).unwrap();
        assert!((outcome.requests_per_s - 48_211.42).abs() < 0.01);
        assert_eq!(outcome.p50, Duration::from_micros(412));
        assert_eq!(outcome.p99, Duration::from_micros(1_200));
    }
}
