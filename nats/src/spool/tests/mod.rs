//! The spool as the lane uses it, on a real disk: what was kept comes out in its order, whatever happens between.

mod damage;
mod law;
mod room;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::testing::entry;
use super::{Entry, Spool, SpoolError};

/// More than any test here puts in.
const AMPLE: u64 = 1 << 20;

fn open(folder: &Path) -> Spool {
    Spool::open(folder, AMPLE).unwrap()
}

fn entries(numbers: impl IntoIterator<Item = u64>) -> Vec<Entry> {
    numbers.into_iter().map(entry).collect()
}

/// Keeps these, all of them.
fn keep(spool: &mut Spool, entries: &[Entry]) {
    let put = spool.writer.append(entries);
    assert_eq!((put.count, put.failure.is_none()), (entries.len(), true));
}

/// Takes out what waits, so many at once.
fn drain(spool: &mut Spool, at_once: usize) -> Vec<Entry> {
    let mut drained = Vec::new();
    loop {
        let oldest = spool.reader.oldest(at_once);
        if oldest.entries.is_empty() {
            return drained;
        }
        assert!(oldest.entries.len() <= at_once);
        spool.reader.advance(&oldest);
        drained.extend(oldest.entries);
    }
}

/// The segments, or what was set aside, in their order.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let mut paths: Vec<_> = paths
        .filter(|it| it.extension().is_some_and(|it| it == extension))
        .collect();
    paths.sort();
    paths
}

#[test]
fn what_is_kept_comes_out_in_its_order_and_leaves_no_file() {
    let folder = servers::testing::scratch();
    let mut spool = open(folder.path());
    assert!(spool.ledger.is_passed());
    keep(&mut spool, &entries(1..=3));
    keep(&mut spool, &entries(4..=5));
    assert!(!spool.ledger.is_passed());
    let figures = spool.ledger.figures();
    let clicks: u64 = entries(1..=5).iter().map(|it| u64::from(it.clicks)).sum();
    assert_eq!((figures.messages, figures.clicks), (5, clicks));
    assert_eq!(drain(&mut spool, 2), entries(1..=5));
    assert!(spool.ledger.is_passed());
    let figures = spool.ledger.figures();
    assert_eq!((figures.messages, figures.clicks, figures.bytes), (0, 0, 0));
    assert_eq!(figures.drained_clicks, clicks);
    assert!(files(folder.path(), "spool").is_empty());
    keep(&mut spool, &entries([6]));
    assert_eq!(drain(&mut spool, 2), entries([6]));
}

#[test]
fn what_may_be_overtaken_holds_up_nothing_and_stands_apart_from_what_may_not() {
    let folder = servers::testing::scratch();
    let mut spool = open(folder.path());
    keep(&mut spool, &entries(1..=3));
    assert!(!spool.ledger.is_passed());
    spool.ledger.pass();
    assert!(spool.ledger.is_passed());
    keep(&mut spool, &entries(4..=5));
    assert!(!spool.ledger.is_passed());
    assert_eq!(files(folder.path(), "spool").len(), 2);
    let oldest = spool.reader.oldest(100);
    assert_eq!(oldest.entries, entries(1..=3));
    spool.reader.advance(&oldest);
    assert!(!spool.ledger.is_passed());
    assert_eq!(drain(&mut spool, 10), entries(4..=5));
    assert!(spool.ledger.is_passed());
}

#[test]
fn what_was_read_and_not_acknowledged_is_read_again() {
    let folder = servers::testing::scratch();
    let mut spool = open(folder.path());
    keep(&mut spool, &entries(1..=3));
    assert_eq!(spool.reader.oldest(2).entries, entries(1..=2));
    assert_eq!(spool.reader.oldest(1).entries, entries([1]));
    assert_eq!(drain(&mut spool, 10), entries(1..=3));
}

#[test]
fn a_restart_goes_on_where_the_drain_was() {
    let folder = servers::testing::scratch();
    let mut spool = open(folder.path());
    keep(&mut spool, &entries(1..=9));
    let oldest = spool.reader.oldest(4);
    spool.reader.advance(&oldest);
    drop(spool);
    let mut spool = open(folder.path());
    assert_eq!(spool.ledger.figures().messages, 5);
    // What the former process left is not overtaken by what this one sends: its producers differ.
    assert!(spool.ledger.is_passed());
    keep(&mut spool, &entries(10..=11));
    assert!(!spool.ledger.is_passed());
    let oldest = spool.reader.oldest(100);
    assert_eq!(oldest.entries, entries(5..=9));
    spool.reader.advance(&oldest);
    assert!(!spool.ledger.is_passed());
    assert_eq!(drain(&mut spool, 10), entries(10..=11));
    assert!(spool.ledger.is_passed());
    drop(spool);
    assert!(drain(&mut open(folder.path()), 10).is_empty());
}

#[test]
fn a_segment_is_not_named_like_one_that_was_drained() {
    let folder = servers::testing::scratch();
    for round in 1..=3 {
        let mut spool = open(folder.path());
        keep(&mut spool, &entries([round]));
        assert_eq!(drain(&mut spool, 10), entries([round]), "in round {round}");
    }
}

#[test]
fn one_process_at_a_time_holds_the_folder() {
    let folder = servers::testing::scratch();
    let held = open(folder.path());
    let is_in_use = || {
        let opened = Spool::open_within(Duration::ZERO, folder.path(), AMPLE);
        matches!(opened, Err(SpoolError::InUse(_)))
    };
    assert!(is_in_use());
    // Each of them may still be at work when all else has ended.
    let Spool {
        ledger: _ledger,
        writer,
        reader,
    } = held;
    drop(writer);
    assert!(is_in_use());
    drop(reader);
    // Who only looks at the figures holds nothing.
    assert!(!is_in_use());
}

#[test]
fn a_process_that_is_about_to_end_is_waited_for() {
    let folder = servers::testing::scratch();
    let held = open(folder.path());
    let ending = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        drop(held);
    });
    open(folder.path());
    ending.join().unwrap();
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = servers::testing::scratch();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = Spool::open(&file.join("spool"), AMPLE).unwrap_err();
    assert!(refused.to_string().contains("file/spool"), "{refused}");
}
