//! What a sync costs on this disk: without it, a durable rate says little.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Syncs that are measured.
const SYNCS: usize = 200;
/// What is written before each: a block.
const BLOCK: [u8; 4_096] = [0; 4_096];

/// The median time of `fdatasync` after a write of one block, in a file that is appended to.
pub(crate) fn fsync_p50(folder: &Path) -> anyhow::Result<Duration> {
    let mut file = File::create(folder.join("fsync"))?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        file.write_all(&BLOCK)?;
        let started = Instant::now();
        file.sync_data()?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    Ok(times.get(SYNCS / 2).copied().unwrap_or_default())
}
