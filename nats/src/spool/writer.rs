//! Putting messages into the spool: synced before they count as kept.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::ledger::Ledger;
use super::record::Entry;
use super::segment::{HEADER_BYTES, Open};

/// The one who writes.
#[derive(Debug)]
pub(crate) struct Writer {
    ledger: Arc<Ledger>,
    open: Option<Open>,
    /// Holds the folder.
    _lock: Arc<File>,
}

/// What became of messages that were to be kept.
#[derive(Debug)]
pub(crate) struct Put {
    /// So many of them, from the first on, are synced; the others are dropped.
    pub(crate) count: usize,
    /// Why the disk took no more, if it wasn't that the spool is full.
    pub(crate) failure: Option<io::Error>,
}

impl Writer {
    pub(super) const fn new(ledger: Arc<Ledger>, lock: Arc<File>) -> Self {
        Self {
            ledger,
            open: None,
            _lock: lock,
        }
    }

    /// Keeps as many as there is room for; all of a segment share one sync.
    pub(crate) fn append(&mut self, entries: &[Entry]) -> Put {
        let (mut room, last) = self.ledger.begin_append();
        // What is drained was removed.
        self.open.take_if(|open| last != Some(open.id));
        let (mut rest, mut failure) = (entries, None);
        while !rest.is_empty() {
            match self.fill(rest, &mut room) {
                Ok(0) => break,
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        self.ledger.end_append(rest);
        Put {
            count: entries.len() - rest.len(),
            failure,
        }
    }

    /// Keeps none: the disk is known to take nothing.
    pub(crate) fn refuse(&self, entries: &[Entry]) -> Put {
        self.ledger.begin_append();
        self.ledger.end_append(entries);
        Put {
            count: 0,
            failure: None,
        }
    }

    /// Fills one segment, and answers with how many.
    fn fill(&mut self, entries: &[Entry], room: &mut u64) -> io::Result<usize> {
        let segment_max = self.ledger.segment_bytes_max;
        let open = self.open.take().filter(|it| it.length < segment_max);
        let header_bytes = if open.is_some() { 0 } else { HEADER_BYTES };
        let length = open.as_ref().map_or(HEADER_BYTES, |it| it.length);
        let fitting = fitting(
            entries,
            segment_max - length.min(segment_max),
            *room - header_bytes.min(*room),
        );
        if fitting.is_empty() {
            self.open = open;
            return Ok(0);
        }
        let mut open = match open {
            Some(open) => open,
            None => self.begin()?,
        };
        if let Err(error) = open.append(fitting) {
            open.abandon();
            return Err(error);
        }
        *room = room.saturating_sub(header_bytes + open.length - length);
        self.ledger.publish(open.length, fitting);
        self.open = Some(open);
        Ok(fitting.len())
    }

    fn begin(&self) -> io::Result<Open> {
        let open = Open::create(&self.ledger.folder, self.ledger.next_id())?;
        self.ledger.add_segment(open.id);
        Ok(open)
    }
}

/// Those that begin before the segment's end, and end before the spool's.
fn fitting(entries: &[Entry], segment_left: u64, room: u64) -> &[Entry] {
    let mut bytes = 0;
    let count = entries.iter().take_while(|entry| {
        let begins_in_segment = bytes < segment_left;
        bytes += entry.record_bytes();
        begins_in_segment && bytes <= room
    });
    entries.get(..count.count()).unwrap_or_default()
}
