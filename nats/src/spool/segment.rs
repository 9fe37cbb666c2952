//! The spool's files: a header, and records until a size is reached.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use bytes::{BufMut, Bytes};

use super::record::{Entry, Found, RECORD_BYTES_MAX, read};

const MAGIC: &[u8; 8] = b"mr-spool";
const VERSION: u32 = 1;
/// The magic, the version and the CRC-32 of both.
pub(super) const HEADER_BYTES: u64 = 16;
/// What is read at once; any record fits.
pub(super) const CHUNK_BYTES_MAX: usize = 4 << 20;
/// Heads of records that are gathered for one write; bodies that are larger are written by themselves.
const WRITE_BYTES: usize = 64 * 1024;

const _: () = assert!(CHUNK_BYTES_MAX >= RECORD_BYTES_MAX, "any record fits");

/// How often, and after what pause, a file is tried that cannot be read.
const READ_TRIES: u32 = 50;
const READ_PAUSE: Duration = Duration::from_millis(100);

/// What cannot be read may be a passing fault of the machine: only what stays so is damage.
pub(super) fn patiently<T>(mut read: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 1..READ_TRIES {
        match read() {
            Ok(read) => return Ok(read),
            Err(error) => tracing::warn!(%error, "the spool cannot be read; trying again"),
        }
        thread::sleep(READ_PAUSE);
    }
    read()
}

/// What a file begins with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Header {
    Good,
    /// A later Millrace wrote it.
    Newer(u32),
    /// The file was begun, and no more.
    Torn,
    Damaged,
}

/// Some records that stand one after another.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Each with the place where the next one begins.
    pub(super) entries: Vec<(Entry, u64)>,
    pub(super) stop: Stop,
}

/// Why no more was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// There is no more.
    End,
    /// It was enough.
    Enough,
    Torn,
    Damaged,
}

/// A segment that is written to.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) id: u64,
    file: File,
    /// How far it is written and synced.
    pub(super) length: u64,
}

pub(super) fn path(folder: &Path, id: u64) -> PathBuf {
    folder.join(format!("{id:016x}.spool"))
}

/// Where a damaged segment is kept.
pub(super) fn damaged_path(folder: &Path, id: u64) -> PathBuf {
    folder.join(format!("{id:016x}.damaged"))
}

/// The segment that a file's name names.
pub(super) fn id_of(path: &Path) -> Option<u64> {
    let is_segment = path.extension()? == "spool";
    let id = u64::from_str_radix(path.file_stem()?.to_str()?, 16).ok()?;
    is_segment.then_some(id)
}

fn header(version: u32) -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    header.put_u32_le(version);
    header.put_u32_le(crc32fast::hash(&header));
    header
}

pub(super) fn read_header(file: &File) -> io::Result<Header> {
    let mut bytes = [0; 16];
    match file.read_exact_at(&mut bytes, 0) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Header::Torn),
        done => done?,
    }
    if bytes == [0; 16] {
        return Ok(Header::Torn);
    }
    let version = bytes.get(8..12).and_then(|it| it.try_into().ok());
    let version = version.map(u32::from_le_bytes).unwrap_or_default();
    if bytes != *header(version) {
        return Ok(Header::Damaged);
    }
    Ok(match version {
        ..=VERSION => Header::Good,
        newer => Header::Newer(newer),
    })
}

/// The records from `offset` on, in a file that is good up to `length`; at most so many bytes of them.
pub(super) fn entries(
    file: &File,
    offset: u64,
    length: u64,
    bytes_max: usize,
) -> io::Result<Chunk> {
    let left = usize::try_from(length.saturating_sub(offset)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; left.min(bytes_max)];
    file.read_exact_at(&mut bytes, offset)?;
    let (bytes, is_last) = (Bytes::from(bytes), left <= bytes_max);
    let (mut at, mut entries) = (0, Vec::new());
    let stop = loop {
        match read(&bytes, at) {
            Found::Record(entry, record_bytes) => {
                at += record_bytes;
                entries.push((entry, offset + at as u64));
            }
            Found::End if is_last => break Stop::End,
            Found::Torn if is_last => break Stop::Torn,
            Found::End => break Stop::Enough,
            Found::Torn if !entries.is_empty() => break Stop::Enough,
            // Any record fits into what was read.
            Found::Torn | Found::Damaged => break Stop::Damaged,
        }
    };
    Ok(Chunk { entries, stop })
}

impl Open {
    /// A new one, that a crash doesn't take away.
    pub(super) fn create(folder: &Path, id: u64) -> io::Result<Self> {
        let path = path(folder, id);
        let create = || {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&path)?;
            file.write_all(&header(VERSION))?;
            file.sync_all()?;
            File::open(folder)?.sync_all()?;
            io::Result::Ok(file)
        };
        match create() {
            Ok(file) => Ok(Self {
                id,
                file,
                length: HEADER_BYTES,
            }),
            Err(error) => {
                // What is left of it would be taken for torn at the next start, and removed.
                drop(fs::remove_file(&path));
                Err(error)
            }
        }
    }

    /// Writes these, and syncs them; they are there afterwards, or none of them is to be read.
    pub(super) fn append(&mut self, entries: &[Entry]) -> io::Result<()> {
        let mut length = self.length;
        let mut writer = BufWriter::with_capacity(WRITE_BYTES, &self.file);
        for entry in entries {
            writer.write_all(&entry.before_body())?;
            writer.write_all(&entry.body)?;
            length += entry.record_bytes();
        }
        writer.flush()?;
        drop(writer);
        self.file.sync_data()?;
        self.length = length;
        Ok(())
    }

    /// Leaves it as it was before a write that failed.
    pub(super) fn abandon(self) {
        if let Err(error) = self.file.set_len(self.length) {
            tracing::warn!(%error, segment = self.id, "what was written of dropped clicks is still there");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Write as _;

    use super::super::testing::entry;
    use super::{Header, Open, VERSION, header, id_of, path, read_header};

    #[test]
    fn a_header_that_is_not_ours_is_told_apart() {
        let folder = servers::testing::scratch();
        let path = folder.path().join("header");
        let read = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            read_header(&File::open(&path).unwrap()).unwrap()
        };
        let good = header(VERSION);
        assert_eq!(read(&good), Header::Good);
        assert_eq!(read(&header(VERSION + 1)), Header::Newer(VERSION + 1));
        for length in 0..good.len() {
            assert_eq!(read(&good[..length]), Header::Torn);
        }
        assert_eq!(read(&[0; 16]), Header::Torn);
        for at in 0..good.len() {
            let mut flipped = good.clone();
            flipped[at] ^= 1;
            assert_eq!(read(&flipped), Header::Damaged, "byte {at}");
        }
    }

    #[test]
    fn what_a_full_disk_took_a_part_of_is_cut_off_again() {
        let folder = servers::testing::scratch();
        let mut open = Open::create(folder.path(), 1).unwrap();
        open.append(&[entry(1)]).unwrap();
        let (path, whole) = (path(folder.path(), 1), open.length);
        open.file.write_all(&entry(2).before_body()).unwrap();
        assert!(fs::metadata(&path).unwrap().len() > whole);
        open.abandon();
        assert_eq!(fs::metadata(&path).unwrap().len(), whole);
    }

    #[test]
    fn a_segment_is_found_by_its_name_and_never_written_over() {
        let folder = servers::testing::scratch();
        let mut open = Open::create(folder.path(), 27).unwrap();
        open.append(&[entry(1)]).unwrap();
        let path = path(folder.path(), 27);
        assert_eq!(id_of(&path), Some(27));
        assert_eq!(fs::metadata(&path).unwrap().len(), open.length);
        assert!(id_of(&folder.path().join("drained")).is_none());
        assert!(id_of(&path.with_extension("damaged")).is_none());
    }
}
