//! What a start finds in the spool's folder.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use super::SpoolError;
use super::ledger::{Recovered, Segment};
use super::mark::Mark;
use super::segment::{
    self, CHUNK_BYTES_MAX, HEADER_BYTES, Header, Stop, damaged_path, id_of, path, read_header,
};

/// What was read of a segment.
struct Scan {
    /// How far it is good.
    length: u64,
    /// Messages and clicks behind the mark.
    messages: u64,
    clicks: u64,
    /// Where the drain begins.
    offset: u64,
    stop: Stop,
}

/// Reads every segment to its end: cuts off what is torn, sets aside what is damaged, removes what is drained.
pub(super) fn recover(folder: &Path, mark: Mark) -> Result<Recovered, SpoolError> {
    let io = |source| SpoolError::Folder {
        folder: folder.to_owned(),
        source,
    };
    let (ids, bytes_aside) = look(folder).map_err(io)?;
    let mut found = Recovered {
        next_id: mark.segment.max(ids.last().copied().unwrap_or_default()) + 1,
        offset: HEADER_BYTES,
        bytes_aside,
        ..Recovered::default()
    };
    for id in ids {
        let path = path(folder, id);
        if id < mark.segment {
            fs::remove_file(&path).map_err(io)?;
            continue;
        }
        let file = OpenOptions::new().read(true).write(true).open(&path);
        let file = file.map_err(io)?;
        let from = if id == mark.segment { mark.offset } else { 0 };
        match read_header(&file).map_err(io)? {
            Header::Good => {
                let (segment, offset) = found.take_in(&file, id, from).map_err(io)?;
                if found.segments.is_empty() {
                    found.offset = offset;
                }
                found.segments.push_back(segment);
            }
            Header::Torn => fs::remove_file(&path).map_err(io)?,
            Header::Newer(version) => {
                return Err(SpoolError::Newer {
                    folder: folder.to_owned(),
                    version,
                });
            }
            Header::Damaged => {
                tracing::error!(
                    segment = id,
                    "the spool is damaged: a segment cannot be read, and is set aside"
                );
                found.damaged += 1;
                found.bytes_aside += file.metadata().map_err(io)?.len();
                fs::rename(&path, damaged_path(folder, id)).map_err(io)?;
            }
        }
    }
    Ok(found)
}

/// The segments in their order, and what damaged ones take.
fn look(folder: &Path) -> io::Result<(Vec<u64>, u64)> {
    let (mut ids, mut bytes_aside) = (Vec::new(), 0);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if let Some(id) = id_of(&path) {
            ids.push(id);
        } else if path.extension().is_some_and(|it| it == "damaged") {
            bytes_aside += entry.metadata()?.len();
        }
    }
    ids.sort_unstable();
    Ok((ids, bytes_aside))
}

impl Recovered {
    /// Reads a segment, whose first `from` bytes are drained; answers where to go on in it, too.
    fn take_in(&mut self, file: &File, id: u64, from: u64) -> io::Result<(Segment, u64)> {
        let file_bytes = file.metadata()?.len();
        let scan = scan(file, file_bytes, from);
        let Scan { length, clicks, .. } = scan;
        let cut = file_bytes - length;
        match scan.stop {
            Stop::End | Stop::Enough => {}
            Stop::Torn => {
                tracing::warn!(
                    segment = id,
                    bytes = cut,
                    "a message that was not written to its end is cut off the spool"
                );
                file.set_len(length)?;
            }
            Stop::Damaged => {
                tracing::error!(
                    segment = id,
                    offset = length,
                    bytes = cut,
                    "the spool is damaged: the rest of a segment cannot be read, and will be set aside"
                );
                self.damaged += 1;
            }
        }
        let segment = Segment {
            id,
            length,
            file_bytes: if scan.stop == Stop::Torn {
                length
            } else {
                file_bytes
            },
            messages: scan.messages,
            clicks,
            is_damaged: scan.stop == Stop::Damaged,
        };
        Ok((segment, scan.offset))
    }
}

/// A place that is no end of a message is none that was drained up to: all of them are drained again.
fn scan(file: &File, file_bytes: u64, from: u64) -> Scan {
    let mut scan = Scan {
        length: HEADER_BYTES,
        messages: 0,
        clicks: 0,
        offset: HEADER_BYTES,
        stop: Stop::Enough,
    };
    while scan.stop == Stop::Enough {
        let read = || segment::entries(file, scan.length, file_bytes, CHUNK_BYTES_MAX);
        let chunk = segment::patiently(read);
        let Ok(chunk) =
            chunk.inspect_err(|error| tracing::error!(%error, "the spool cannot be read"))
        else {
            scan.stop = Stop::Damaged;
            break;
        };
        for (entry, end) in chunk.entries {
            scan.messages += 1;
            scan.clicks += u64::from(entry.clicks);
            scan.length = end;
            if end == from {
                (scan.messages, scan.clicks, scan.offset) = (0, 0, end);
            }
        }
        scan.stop = chunk.stop;
    }
    scan
}
