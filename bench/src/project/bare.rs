//! The peer: the raw clicks alone, out of a file into the same table, by psql.

use std::path::Path;
use std::time::Instant;

use anyhow::ensure;

use crate::database::Database;

const TABLE: &str = "links.click_record";

/// Copies the rows that are there out, empties the table, and copies them in again; how many in a second.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
pub(super) async fn rate(
    database: &Database,
    url: &str,
    rows: usize,
    folder: &Path,
) -> anyhow::Result<f64> {
    let file = folder.join("click_record.copy");
    let (counted, file_name) = (format!("select count(*) from {TABLE}"), file.display());
    let count: usize = database.ask(url, &counted).await?.parse()?;
    ensure!(count == rows, "{count} clicks of {rows} are projected");
    let out = format!("\\copy (select * from {TABLE}) to '{file_name}' (format binary)");
    database.ask(url, &out).await?;
    database.ask(url, &format!("truncate {TABLE}")).await?;
    let started = Instant::now();
    let back = format!("\\copy {TABLE} from '{file_name}' (format binary)");
    database.ask(url, &back).await?;
    let rate = rows as f64 / started.elapsed().as_secs_f64();
    std::fs::remove_file(file)?;
    Ok(rate)
}
