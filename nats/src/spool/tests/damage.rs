//! What crashes and disks do to the files, at every byte of them.

use std::fs;

use super::super::{Spool, SpoolError};
use super::{AMPLE, drain, entries, files, keep, open};

/// Three messages in one segment, and where each ends.
fn written(folder: &std::path::Path) -> (Vec<u8>, Vec<usize>) {
    let mut spool = open(folder);
    let all = entries(1..=3);
    keep(&mut spool, &all);
    let bytes = fs::read(&files(folder, "spool")[0]).unwrap();
    let mut ends = vec![16];
    for entry in all {
        ends.push(ends.last().unwrap() + usize::try_from(entry.record_bytes()).unwrap());
    }
    assert_eq!(*ends.last().unwrap(), bytes.len());
    (bytes, ends)
}

/// A folder with one segment of these bytes.
fn folder_of(bytes: &[u8]) -> servers::Scratch {
    let folder = servers::testing::scratch();
    fs::write(folder.path().join("0000000000000001.spool"), bytes).unwrap();
    folder
}

#[test]
fn a_torn_tail_is_cut_off_and_what_stands_before_is_drained() {
    let (bytes, ends) = written(servers::testing::scratch().path());
    for length in 0..=bytes.len() {
        let whole = ends.iter().filter(|&&end| end <= length).count();
        let whole = whole.saturating_sub(1) as u64;
        let folder = folder_of(&bytes[..length]);
        let mut spool = open(folder.path());
        assert_eq!(spool.ledger.figures().damaged_segments, 0, "{length}");
        // What comes after a restart is not put behind a torn tail.
        keep(&mut spool, &entries([9]));
        drop(spool);
        let mut spool = open(folder.path());
        let expected = entries((1..=whole).chain([9]));
        assert_eq!(drain(&mut spool, 10), expected, "{length}");
        assert!(files(folder.path(), "damaged").is_empty(), "{length}");
    }
}

#[test]
fn a_flipped_bit_loses_what_stands_behind_it_and_no_more_and_keeps_the_segment_aside() {
    let (bytes, ends) = written(servers::testing::scratch().path());
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        let whole = ends.iter().filter(|&&end| end <= at).count();
        let whole = whole.saturating_sub(1) as u64;
        let folder = folder_of(&flipped);
        let mut spool = open(folder.path());
        keep(&mut spool, &entries([9]));
        assert_eq!(spool.ledger.figures().damaged_segments, 1, "byte {at}");
        let expected = entries((1..=whole).chain([9]));
        assert_eq!(drain(&mut spool, 10), expected, "byte {at}");
        let aside = files(folder.path(), "damaged");
        assert_eq!(fs::read(&aside[0]).unwrap(), flipped, "byte {at}");
        // It takes room until somebody removes it.
        let figures = spool.ledger.figures();
        assert_eq!(figures.bytes, bytes.len() as u64, "byte {at}");
        drop(spool);
        let spool = open(folder.path());
        assert_eq!(spool.ledger.figures().bytes, bytes.len() as u64);
        assert_eq!(spool.ledger.figures().damaged_segments, 0);
    }
}

#[test]
fn what_is_damaged_while_it_waits_is_noticed_when_it_is_read() {
    let folder = servers::testing::scratch();
    let mut spool = open(folder.path());
    keep(&mut spool, &entries(1..=3));
    let oldest = spool.reader.oldest(1);
    spool.reader.advance(&oldest);
    let segment = &files(folder.path(), "spool")[0];
    let mut bytes = fs::read(segment).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(segment, bytes).unwrap();
    assert_eq!(drain(&mut spool, 1), entries([2]));
    let figures = spool.ledger.figures();
    assert_eq!((figures.damaged_segments, figures.messages), (1, 0));
    assert!(spool.ledger.is_passed());
    // The next goes into a segment of its own.
    keep(&mut spool, &entries(4..=5));
    assert_eq!(drain(&mut spool, 10), entries(4..=5));
    assert_eq!(files(folder.path(), "damaged").len(), 1);
}

#[test]
fn a_segment_that_was_taken_away_is_told_of_and_the_next_is_drained() {
    let folder = servers::testing::scratch();
    let mut spool = Spool::open(folder.path(), 4_096).unwrap();
    keep(&mut spool, &entries(1..=9));
    fs::remove_file(&files(folder.path(), "spool")[0]).unwrap();
    let drained = drain(&mut spool, 10);
    assert_eq!(drained.last(), entries([9]).first());
    assert_eq!(spool.ledger.figures().damaged_segments, 1);
}

#[test]
fn a_lost_mark_repeats_what_is_still_there() {
    let folder = servers::testing::scratch();
    let mut spool = open(folder.path());
    keep(&mut spool, &entries(1..=3));
    let oldest = spool.reader.oldest(2);
    spool.reader.advance(&oldest);
    drop(spool);
    fs::remove_file(folder.path().join("drained")).unwrap();
    assert_eq!(drain(&mut open(folder.path()), 10), entries(1..=3));
}

#[test]
fn what_a_newer_program_wrote_is_left_alone() {
    let folder = servers::testing::scratch();
    let mut header = b"mr-spool".to_vec();
    header.extend(2_u32.to_le_bytes());
    header.extend(crc32fast::hash(&header).to_le_bytes());
    let path = folder.path().join("0000000000000001.spool");
    fs::write(&path, &header).unwrap();
    let refused = Spool::open(folder.path(), AMPLE).unwrap_err();
    assert!(matches!(refused, SpoolError::Newer { version: 2, .. }));
    assert_eq!(fs::read(path).unwrap(), header);
}
