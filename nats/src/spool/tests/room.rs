//! The room that the spool has: segments, and what happens when it is full.

use std::fs;

use super::super::Spool;
use super::super::record::Entry;
use super::{drain, entries, files, keep};

/// Sixteen segments, of some three messages each.
const SMALL: u64 = 4_096;

/// Fills it one message at a time, and answers those that found a place.
fn fill(spool: &mut Spool, numbers: impl IntoIterator<Item = u64>) -> Vec<Entry> {
    let mut kept = entries(numbers);
    kept.retain(|entry| spool.writer.append(std::slice::from_ref(entry)).count == 1);
    kept
}

fn disk_bytes(spool: &Spool) -> u64 {
    let files = files(&spool.ledger.folder, "spool");
    files.iter().map(|it| fs::metadata(it).unwrap().len()).sum()
}

#[test]
fn segments_are_rolled_and_removed_one_by_one() {
    let folder = servers::testing::scratch();
    let mut spool = Spool::open(folder.path(), SMALL).unwrap();
    keep(&mut spool, &entries(1..=20));
    let count = files(folder.path(), "spool").len();
    assert!((5..=10).contains(&count), "{count} segments");
    let oldest = spool.reader.oldest(100);
    assert!(oldest.entries.len() < 6, "a read goes beyond its segment");
    spool.reader.advance(&oldest);
    assert_eq!(files(folder.path(), "spool").len(), count - 1);
    let rest = drain(&mut spool, 100);
    assert_eq!([oldest.entries, rest].concat(), entries(1..=20));
    assert!(files(folder.path(), "spool").is_empty());
}

#[test]
fn a_segment_that_is_drained_is_removed_though_nobody_can_note_it() {
    let folder = servers::testing::scratch();
    // A disk without room, on which every write fails.
    std::os::unix::fs::symlink("/dev/full", folder.path().join("drained")).unwrap();
    let mut spool = Spool::open(folder.path(), SMALL).unwrap();
    keep(&mut spool, &entries(1..=20));
    assert_eq!(drain(&mut spool, 100), entries(1..=20));
    assert!(files(folder.path(), "spool").is_empty());
    assert_eq!(spool.ledger.figures().bytes, 0);
}

#[test]
fn a_full_spool_keeps_the_oldest_and_counts_what_it_drops() {
    let folder = servers::testing::scratch();
    let mut spool = Spool::open(folder.path(), SMALL).unwrap();
    let kept = fill(&mut spool, 1..=100);
    assert_eq!(kept, entries(1..=kept.len() as u64));
    assert!((30..60).contains(&kept.len()), "{}", kept.len());
    let dropped = &entries(1..=100)[kept.len()..];
    let figures = spool.ledger.figures();
    let clicks = dropped.iter().map(|it| u64::from(it.clicks)).sum::<u64>();
    assert_eq!(figures.dropped_clicks, clicks);
    assert_eq!(figures.bytes, disk_bytes(&spool));
    assert!(figures.bytes <= SMALL);

    // A segment that is drained makes room.
    let oldest = spool.reader.oldest(100);
    spool.reader.advance(&oldest);
    let later = fill(&mut spool, 101..=102);
    assert_eq!(later, entries(101..=102));
    let drained = [oldest.entries, drain(&mut spool, 100)].concat();
    assert_eq!(drained, [kept, later].concat());
}

#[test]
fn of_messages_that_come_together_those_that_fit_are_kept() {
    let folder = servers::testing::scratch();
    let mut spool = Spool::open(folder.path(), SMALL).unwrap();
    let all = entries(1..=100);
    let put = spool.writer.append(&all);
    assert!((30..60).contains(&put.count), "{}", put.count);
    assert!(disk_bytes(&spool) <= SMALL);
    assert_eq!(drain(&mut spool, 100), all[..put.count]);
}

#[test]
fn a_full_spool_is_full_after_a_restart_too() {
    let folder = servers::testing::scratch();
    let mut spool = Spool::open(folder.path(), SMALL).unwrap();
    let kept = fill(&mut spool, 1..=100);
    drop(spool);
    let mut spool = Spool::open(folder.path(), SMALL).unwrap();
    assert_eq!(fill(&mut spool, 101..=103), []);
    assert!(disk_bytes(&spool) <= SMALL);
    assert_eq!(drain(&mut spool, 100), kept);
}

#[test]
fn a_disk_that_takes_nothing_is_as_a_full_spool() {
    let folder = servers::testing::scratch();
    let mut spool = Spool::open(folder.path(), SMALL).unwrap();
    keep(&mut spool, &entries([1]));
    drain(&mut spool, 1);
    // The next segment cannot be made where something else stands.
    for id in 0..20 {
        fs::create_dir(super::super::segment::path(folder.path(), 2 + id)).unwrap();
    }
    let put = spool.writer.append(&entries(2..=3));
    assert_eq!(put.count, 0);
    assert!(put.failure.is_some());
    let figures = spool.ledger.figures();
    assert!(figures.dropped_clicks > 0, "{figures:?}");
    assert!(spool.ledger.is_passed());
    for id in 0..20 {
        fs::remove_dir(super::super::segment::path(folder.path(), 2 + id)).unwrap();
    }
    keep(&mut spool, &entries([4]));
    assert_eq!(drain(&mut spool, 10), entries([4]));
}
