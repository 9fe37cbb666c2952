//! One message of clicks as the spool's files hold it, told from what a crash or a disk made of it.
//!
//! A head of 12 bytes, little-endian: the payload's length, its CRC-32, and the CRC-32 of these eight bytes.
//! The payload, big-endian: producer, workspace and first click, 16 bytes each; number, 8; clicks, 4; and the body.

use bytes::{Buf, BufMut, Bytes};
use events::{ClickId, WorkspaceId};
use uuid::Uuid;

use crate::message::MESSAGE_BYTES_MAX;

const HEAD_BYTES: usize = 12;
const SUMMED_BYTES: usize = 8;
/// The payload without the body.
const FIXED_BYTES: usize = 16 + 16 + 16 + 8 + 4;
/// The largest record.
pub(super) const RECORD_BYTES_MAX: usize = HEAD_BYTES + FIXED_BYTES + MESSAGE_BYTES_MAX;

/// A message of clicks that waits for the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) producer: Uuid,
    pub(crate) workspace: WorkspaceId,
    /// The first click's id names the message too.
    pub(crate) id: ClickId,
    pub(crate) number: u64,
    pub(crate) clicks: u32,
    pub(crate) body: Bytes,
}

/// What stands at some place of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A whole record, and how many bytes it has.
    Record(Entry, usize),
    /// Nothing: the file ends here.
    End,
    /// The beginning of a record that was never written to its end.
    Torn,
    /// What was never written so.
    Damaged,
}

impl Entry {
    /// How many bytes its record has.
    pub(super) fn record_bytes(&self) -> u64 {
        (HEAD_BYTES + FIXED_BYTES + self.body.len()) as u64
    }

    /// Everything of its record that stands before the body.
    pub(super) fn before_body(&self) -> Vec<u8> {
        let mut fixed = Vec::with_capacity(FIXED_BYTES);
        fixed.put_slice(self.producer.as_bytes());
        fixed.put_slice(self.workspace.uuid().as_bytes());
        fixed.put_slice(self.id.uuid().as_bytes());
        fixed.put_u64(self.number);
        fixed.put_u32(self.clicks);
        let mut sum = crc32fast::Hasher::new();
        sum.update(&fixed);
        sum.update(&self.body);
        // A lane's message is far shorter than 4 GiB; one that weren't would be refused when it is read.
        let length = u32::try_from(FIXED_BYTES + self.body.len()).unwrap_or(u32::MAX);
        let mut record = Vec::with_capacity(HEAD_BYTES + FIXED_BYTES);
        record.put_u32_le(length);
        record.put_u32_le(sum.finalize());
        record.put_u32_le(crc32fast::hash(&record));
        record.put_slice(&fixed);
        record
    }

    /// The payload is whole, and has its fixed part.
    fn of(mut payload: Bytes) -> Self {
        Self {
            producer: Uuid::from_u128(payload.get_u128()),
            workspace: WorkspaceId::new(Uuid::from_u128(payload.get_u128())),
            id: ClickId::new(Uuid::from_u128(payload.get_u128())),
            number: payload.get_u64(),
            clicks: payload.get_u32(),
            body: payload,
        }
    }
}

/// What stands at `at`; bodies share the memory of `bytes`.
pub(super) fn read(bytes: &Bytes, at: usize) -> Found {
    let rest = bytes.get(at..).unwrap_or_default();
    if rest.is_empty() {
        return Found::End;
    }
    // A file may have grown before a crash, and its bytes not have come.
    if rest.iter().all(|&byte| byte == 0) {
        return Found::Torn;
    }
    let Some((head, rest)) = rest.split_first_chunk::<HEAD_BYTES>() else {
        return Found::Torn;
    };
    let Some((length, sum)) = read_head(head) else {
        return Found::Damaged;
    };
    let Some(payload) = rest.get(..length) else {
        return Found::Torn;
    };
    if crc32fast::hash(payload) != sum {
        return Found::Damaged;
    }
    Found::Record(Entry::of(bytes.slice_ref(payload)), HEAD_BYTES + length)
}

/// The payload's length, which is one that a payload can have, and its sum.
fn read_head(mut head: &[u8]) -> Option<(usize, u32)> {
    let summed = head.get(..SUMMED_BYTES)?;
    let own_sum = crc32fast::hash(summed);
    let length = usize::try_from(head.get_u32_le()).ok()?;
    let sum = head.get_u32_le();
    let is_possible = (FIXED_BYTES..=FIXED_BYTES + MESSAGE_BYTES_MAX).contains(&length);
    (head.get_u32_le() == own_sum && is_possible).then_some((length, sum))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::testing::entry;
    use super::{Entry, Found, read};

    fn written(entries: &[Entry]) -> Vec<u8> {
        let record = |entry: &Entry| [entry.before_body().as_slice(), &entry.body].concat();
        entries.iter().flat_map(record).collect()
    }

    fn all(bytes: &[u8]) -> (Vec<Entry>, Found) {
        let (bytes, mut at, mut entries) = (Bytes::copy_from_slice(bytes), 0, Vec::new());
        loop {
            match read(&bytes, at) {
                Found::Record(entry, length) => {
                    at += length;
                    entries.push(entry);
                }
                end @ (Found::End | Found::Torn | Found::Damaged) => return (entries, end),
            }
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let entries = [entry(1), entry(2), entry(3)];
        let bytes = written(&entries);
        let lengths = entries.iter().map(Entry::record_bytes);
        assert_eq!(lengths.sum::<u64>(), bytes.len() as u64);
        assert_eq!(all(&bytes), (entries.to_vec(), Found::End));
    }

    #[test]
    fn a_tail_that_is_torn_anywhere_is_known_and_what_stands_before_is_read() {
        let entries = [entry(1), entry(2), entry(3)];
        let bytes = written(&entries);
        let ends: Vec<_> = (0..=3).map(|it| written(&entries[..it]).len()).collect();
        for length in 0..=bytes.len() {
            let whole = ends.iter().filter(|&&end| end <= length).count() - 1;
            let end = if ends.contains(&length) {
                Found::End
            } else {
                Found::Torn
            };
            let found = all(&bytes[..length]);
            assert_eq!(found, (entries[..whole].to_vec(), end), "{length}");
            // A file that grew and whose bytes did not come.
            let mut blank = bytes[..ends[whole]].to_vec();
            blank.resize(length.max(ends[whole] + 1), 0);
            let found = all(&blank);
            assert_eq!(found, (entries[..whole].to_vec(), Found::Torn), "{length}");
        }
    }

    #[test]
    fn a_bit_that_flipped_anywhere_is_noticed_at_its_record() {
        let entries = [entry(1), entry(2), entry(3)];
        let bytes = written(&entries);
        let ends: Vec<_> = (0..=3).map(|it| written(&entries[..it]).len()).collect();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                let whole = ends.iter().filter(|&&end| end <= at).count() - 1;
                let found = all(&flipped);
                let expected = (entries[..whole].to_vec(), Found::Damaged);
                assert_eq!(found, expected, "bit {bit} of byte {at}");
            }
        }
    }
}
