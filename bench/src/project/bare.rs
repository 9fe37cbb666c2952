//! The peer: the raw clicks alone, out of a file into the same table, by psql.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use servers::{Tool, Tools};
use tokio::process::Command;

const TABLE: &str = "links.click_record";

/// Copies the rows that are there out, empties the table, and copies them in again; how many in a second.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
pub(super) async fn rate(
    tools: &Tools,
    url: &str,
    rows: usize,
    folder: &Path,
) -> anyhow::Result<f64> {
    let psql = tools.path(Tool::Postgres).context("no Postgres")?;
    let psql = psql.with_file_name("psql");
    let file = folder.join("click_record.copy");
    let (counted, file_name) = (format!("select count(*) from {TABLE}"), file.display());
    let count: usize = ask(psql.as_os_str(), url, &counted).await?.parse()?;
    ensure!(count == rows, "{count} clicks of {rows} are projected");
    let out = format!("\\copy (select * from {TABLE}) to '{file_name}' (format binary)");
    ask(psql.as_os_str(), url, &out).await?;
    ask(psql.as_os_str(), url, &format!("truncate {TABLE}")).await?;
    let started = Instant::now();
    let back = format!("\\copy {TABLE} from '{file_name}' (format binary)");
    ask(psql.as_os_str(), url, &back).await?;
    let rate = rows as f64 / started.elapsed().as_secs_f64();
    std::fs::remove_file(file)?;
    Ok(rate)
}

async fn ask(psql: &OsStr, url: &str, command: &str) -> anyhow::Result<String> {
    let output = Command::new(psql)
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
        .args(["--dbname", url, "--command", command])
        .output()
        .await?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{complaint}");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
