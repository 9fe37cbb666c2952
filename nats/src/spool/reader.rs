//! Taking messages out of the spool, in their order.

use std::fs::{self, File};
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::ledger::{Done, Head, Ledger, clicks};
use super::mark::MarkFile;
use super::record::{Entry, RECORD_BYTES_MAX};
use super::segment::{self, CHUNK_BYTES_MAX, Chunk, Stop, damaged_path, path};

/// How often, and after what pause, a file is tried that cannot be read.
const READ_TRIES: u32 = 50;
const READ_PAUSE: Duration = Duration::from_millis(100);

/// The one who reads.
#[derive(Debug)]
pub(crate) struct Reader {
    ledger: Arc<Ledger>,
    mark: MarkFile,
    open: Option<(u64, File)>,
    /// Holds the folder.
    _lock: Arc<File>,
}

/// The messages that wait longest, in their order.
#[derive(Debug, Default)]
pub(crate) struct Oldest {
    pub(crate) entries: Vec<Entry>,
    /// Where the next message begins.
    end: u64,
}

impl Reader {
    pub(super) const fn new(ledger: Arc<Ledger>, mark: MarkFile, lock: Arc<File>) -> Self {
        Self {
            ledger,
            mark,
            open: None,
            _lock: lock,
        }
    }

    /// The messages that wait longest, so many at most; none if nothing waits.
    pub(crate) fn oldest(&mut self, messages_max: usize) -> Oldest {
        loop {
            while let Some(done) = self.ledger.take_done() {
                self.finish(&done);
            }
            let Some(head) = self.ledger.head() else {
                return Oldest::default();
            };
            let bytes_max = if messages_max == 1 {
                RECORD_BYTES_MAX
            } else {
                CHUNK_BYTES_MAX
            };
            let why = match self.read_patiently(head, bytes_max) {
                Ok(mut chunk) if !chunk.entries.is_empty() => {
                    chunk.entries.truncate(messages_max);
                    return self.tell(chunk);
                }
                Ok(chunk) => format!("{:?}", chunk.stop),
                Err(error) => error.to_string(),
            };
            let clicks = self.ledger.lose_rest();
            tracing::error!(
                segment = head.segment,
                offset = head.offset,
                clicks,
                why,
                "the spool is damaged: the rest of a segment cannot be read, and is set aside"
            );
        }
    }

    /// What cannot be read may be a passing fault of the machine: only what stays so is damage.
    fn read_patiently(&mut self, head: Head, bytes_max: usize) -> io::Result<Chunk> {
        for _ in 1..READ_TRIES {
            match self.read(head, bytes_max) {
                Ok(chunk) => return Ok(chunk),
                Err(error) => tracing::warn!(%error, "the spool cannot be read; trying again"),
            }
            self.open = None;
            thread::sleep(READ_PAUSE);
        }
        self.read(head, bytes_max)
    }

    fn read(&mut self, head: Head, bytes_max: usize) -> io::Result<Chunk> {
        if self.open.as_ref().is_none_or(|(id, _)| *id != head.segment) {
            let file = File::open(path(&self.ledger.folder, head.segment))?;
            self.open = Some((head.segment, file));
        }
        let Some((_, file)) = &self.open else {
            return Ok(Chunk {
                entries: Vec::new(),
                stop: Stop::Damaged,
            });
        };
        segment::entries(file, head.offset, head.length, bytes_max)
    }

    fn tell(&self, chunk: Chunk) -> Oldest {
        let end = chunk.entries.last().map(|(_, end)| *end);
        let entries: Vec<_> = chunk.entries.into_iter().map(|(entry, _)| entry).collect();
        if let Some(first) = entries.first() {
            self.ledger.is_oldest(first);
        }
        Oldest {
            entries,
            end: end.unwrap_or_default(),
        }
    }

    /// These are in the log.
    pub(crate) fn advance(&mut self, oldest: &Oldest) {
        let (messages, clicks) = (oldest.entries.len() as u64, clicks(&oldest.entries));
        if let Some(mark) = self.ledger.advance(oldest.end, messages, clicks)
            && let Err(error) = self.mark.write(mark)
        {
            tracing::warn!(%error, "how far the spool is drained could not be written");
        }
        while let Some(done) = self.ledger.take_done() {
            self.finish(&done);
        }
    }

    /// Removes a segment that is drained; keeps it aside if there is more in it that cannot be read.
    fn finish(&mut self, done: &Done) {
        self.open = None;
        let id = done.segment.id;
        let path = path(&self.ledger.folder, id);
        let finished = self.mark.write(done.mark).and_then(|()| {
            if done.segment.is_damaged {
                fs::rename(&path, damaged_path(&self.ledger.folder, id))
            } else {
                fs::remove_file(&path)
            }
        });
        if let Err(error) = finished {
            tracing::warn!(%error, segment = id, "a drained segment could not be removed");
        }
    }
}
