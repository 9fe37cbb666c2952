//! The spool: a bounded, checksummed, synced file of clicks that wait for the broker.
//!
//! What the lane cannot hand to the broker it puts in here, and what is in here goes out in its order, under the
//! numbers that it came with, also after a crash. Nothing in this room knows the broker.

mod figures;
mod ledger;
mod mark;
mod reader;
mod record;
mod recover;
mod segment;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod writer;

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use mark::MarkFile;

pub use figures::SpoolFigures;
pub(crate) use ledger::Ledger;
pub(crate) use reader::{Oldest, Reader};
pub(crate) use record::Entry;
pub(crate) use writer::{Put, Writer};

/// How long a process that is about to end is waited for.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(5);
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// A folder of clicks that wait, held by this process.
#[derive(Debug)]
pub struct Spool {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) writer: Writer,
    pub(crate) reader: Reader,
}

/// The folder of waiting clicks cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The disk says no.
    #[error("the folder {} of clicks that wait for the broker cannot be used", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// One process at a time may use it.
    #[error("the folder {} of clicks that wait for the broker is in use by another process: give each a MILLRACE_DATA of its own", .0.display())]
    InUse(PathBuf),
    /// It has a form that this version doesn't know.
    #[error("the folder {} holds clicks that a newer Millrace wrote, in version {version} of their form: run that one until they are drained", folder.display())]
    Newer {
        /// Which.
        folder: PathBuf,
        /// The form's version.
        version: u32,
    },
}

impl Spool {
    /// Takes hold of the folder, which is made if need be, and finds what former processes left in it.
    ///
    /// Its files take no more than `bytes_max`. Blocks: all that waits is read once.
    pub fn open(folder: &Path, bytes_max: u64) -> Result<Self, SpoolError> {
        Self::open_within(LOCK_WAIT_MAX, folder, bytes_max)
    }

    fn open_within(wait_max: Duration, folder: &Path, bytes_max: u64) -> Result<Self, SpoolError> {
        let io = |source| SpoolError::Folder {
            folder: folder.to_owned(),
            source,
        };
        // Nobody else has a part in it.
        let mut private = DirBuilder::new();
        private.recursive(true).mode(0o700);
        private.create(folder).map_err(io)?;
        let lock = Arc::new(hold(wait_max, folder)?);
        let mark = MarkFile::open(folder).map_err(io)?;
        let found = recover::recover(folder, mark.read().unwrap_or_default())?;
        let ledger = Arc::new(Ledger::new(folder.to_owned(), bytes_max, found));
        let figures = ledger.figures();
        if figures.messages > 0 {
            tracing::info!(
                clicks = figures.clicks,
                "clicks of a former process wait in the spool"
            );
        }
        Ok(Self {
            writer: Writer::new(Arc::clone(&ledger), Arc::clone(&lock)),
            reader: Reader::new(Arc::clone(&ledger), mark, lock),
            ledger,
        })
    }
}

fn hold(wait_max: Duration, folder: &Path) -> Result<File, SpoolError> {
    let io = |source| SpoolError::Folder {
        folder: folder.to_owned(),
        source,
    };
    let lock = File::create(folder.join("lock")).map_err(io)?;
    let give_up = Instant::now() + wait_max;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) if Instant::now() < give_up => thread::sleep(LOCK_PAUSE),
            Err(TryLockError::WouldBlock) => return Err(SpoolError::InUse(folder.to_owned())),
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
    }
}
