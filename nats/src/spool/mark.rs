//! How far the spool is drained: the mark that the next start begins at.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use bytes::{Buf, BufMut};

const NAME: &str = "drained";
const BYTES: usize = 20;

/// A place between two records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) segment: u64,
    pub(super) offset: u64,
}

/// The file that holds the mark.
///
/// It is not synced: an older mark only makes the drain repeat messages, whose numbers are known.
#[derive(Debug)]
pub(super) struct MarkFile(File);

impl MarkFile {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        options.open(folder.join(NAME)).map(Self)
    }

    /// `None` if none was written yet, or it cannot be relied on.
    pub(super) fn read(&self) -> Option<Mark> {
        let mut bytes = [0; BYTES];
        self.0.read_exact_at(&mut bytes, 0).ok()?;
        let mut fields = bytes.as_slice();
        let mark = Mark {
            segment: fields.get_u64_le(),
            offset: fields.get_u64_le(),
        };
        (mark.bytes() == bytes.as_slice()).then_some(mark)
    }

    pub(super) fn write(&self, mark: Mark) -> io::Result<()> {
        self.0.write_all_at(&mark.bytes(), 0)
    }
}

impl Mark {
    fn bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.put_u64_le(self.segment);
        bytes.put_u64_le(self.offset);
        bytes.put_u32_le(crc32fast::hash(&bytes));
        bytes
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Mark, MarkFile, NAME};

    #[test]
    fn a_mark_is_found_again_and_one_that_is_damaged_is_none() {
        let folder = servers::testing::scratch();
        let file = MarkFile::open(folder.path()).unwrap();
        assert_eq!(file.read(), None);
        let mark = Mark {
            segment: 3,
            offset: 258,
        };
        file.write(Mark::default()).unwrap();
        file.write(mark).unwrap();
        assert_eq!(MarkFile::open(folder.path()).unwrap().read(), Some(mark));
        let path = folder.path().join(NAME);
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut flipped = good.clone();
            flipped[at] ^= 1;
            fs::write(&path, flipped).unwrap();
            assert_eq!(file.read(), None, "byte {at}");
            fs::write(&path, &good[..at]).unwrap();
            assert_eq!(file.read(), None, "{at} bytes");
        }
    }
}
