//! Taking messages out of the spool, in their order.

use std::fs::{self, File};
use std::io;
use std::sync::Arc;

use super::ledger::{Done, Head, Ledger, clicks};
use super::mark::{Mark, MarkFile};
use super::record::{Entry, RECORD_BYTES_MAX};
use super::segment::{self, CHUNK_BYTES_MAX, Chunk, Stop, damaged_path, path};

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
            let read = segment::patiently(|| {
                let read = self.read(head, bytes_max);
                read.inspect_err(|_| self.open = None)
            });
            let why = match read {
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
        if let Some(mark) = self.ledger.advance(oldest.end, messages, clicks) {
            self.mark(mark);
        }
        while let Some(done) = self.ledger.take_done() {
            self.finish(&done);
        }
    }

    /// The next start drains again from an older mark if this one cannot be written.
    fn mark(&self, mark: Mark) {
        if let Err(error) = self.mark.write(mark) {
            tracing::warn!(%error, "how far the spool is drained could not be written");
        }
    }

    /// Removes a segment that is drained; keeps it aside if there is more in it that cannot be read.
    ///
    /// Whether or not the mark can be written: a disk that is full takes none, and would stay so.
    fn finish(&mut self, done: &Done) {
        self.open = None;
        self.mark(done.mark);
        let id = done.segment.id;
        let path = path(&self.ledger.folder, id);
        let finished = if done.segment.is_damaged {
            fs::rename(&path, damaged_path(&self.ledger.folder, id))
        } else {
            fs::remove_file(&path)
        };
        if let Err(error) = finished {
            tracing::warn!(%error, segment = id, "a drained segment could not be removed");
        }
    }
}
