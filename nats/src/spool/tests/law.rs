//! The law of the spool: whatever happens in whatever order, what was kept comes out in its order, each message once
//! for those who remember the last number.

use std::fs::{self, OpenOptions};
use std::io::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::Spool;
use super::{drain, entries, files};

/// Some forty messages, in segments of three.
const SMALL: u64 = 4_096;

#[derive(Clone, Debug)]
enum Step {
    Append(u64),
    /// So many are sent and acknowledged.
    Drain(usize),
    /// What comes later may overtake what waits.
    Pass,
    /// The process is killed; with so many bytes of a message behind what was synced.
    Crash(usize),
    /// The machine loses its power, and the mark with it.
    LoseMark,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1..8_u64).prop_map(Step::Append),
        4 => (1..12_usize).prop_map(Step::Drain),
        1 => Just(Step::Pass),
        1 => (0..90_usize).prop_map(Step::Crash),
        1 => Just(Step::LoseMark),
    ];
    vec(step, 1..60)
}

struct World {
    folder: servers::Scratch,
    spool: Option<Spool>,
    next: u64,
    kept: Vec<u64>,
    /// As they came out, repeats left out.
    drained: Vec<u64>,
    repeats: usize,
}

impl World {
    fn new() -> Self {
        let folder = servers::testing::scratch();
        Self {
            spool: Spool::open(folder.path(), SMALL).ok(),
            folder,
            next: 1,
            kept: Vec::new(),
            drained: Vec::new(),
            repeats: 0,
        }
    }

    fn spool(&mut self) -> &mut Spool {
        self.spool.as_mut().unwrap()
    }

    fn restart(&mut self) {
        self.spool = Some(Spool::open(self.folder.path(), SMALL).unwrap());
    }

    fn take(&mut self, numbers: impl IntoIterator<Item = u64>) {
        for number in numbers {
            if number > self.drained.last().copied().unwrap_or_default() {
                self.drained.push(number);
            } else {
                self.repeats += 1;
            }
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Append(count) => {
                let all = entries(self.next..self.next + count);
                let put = self.spool().writer.append(&all);
                let kept = all[..put.count].iter().map(|it| it.number);
                self.kept.extend(kept);
                self.next += count;
            }
            Step::Drain(count) => {
                let oldest = self.spool().reader.oldest(count);
                if !oldest.entries.is_empty() {
                    self.spool().reader.advance(&oldest);
                }
                self.take(oldest.entries.iter().map(|it| it.number));
            }
            Step::Pass => {
                self.spool().ledger.pass();
                assert!(self.spool().ledger.is_passed());
            }
            Step::Crash(torn) => {
                // What was sent and not acknowledged is sent again.
                let sent = self.spool().reader.oldest(2).entries;
                self.take(sent.iter().map(|it| it.number));
                self.spool = None;
                if let Some(last) = files(self.folder.path(), "spool").last() {
                    let entry = &entries([self.next])[0];
                    let record = [entry.before_body().as_slice(), &entry.body].concat();
                    let mut file = OpenOptions::new().append(true).open(last).unwrap();
                    let torn = torn.min(record.len() - 1);
                    file.write_all(&record[..torn]).unwrap();
                }
                self.restart();
            }
            Step::LoseMark => {
                self.spool = None;
                fs::remove_file(self.folder.path().join("drained")).unwrap();
                self.restart();
            }
        }
        let figures = self.spool().ledger.figures();
        assert!(figures.bytes <= SMALL);
        assert_eq!(figures.damaged_segments, 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_kept_comes_out_in_its_order_and_repeats_are_known(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        let rest = drain(world.spool(), 10);
        world.take(rest.iter().map(|it| it.number));
        prop_assert_eq!(&world.drained, &world.kept);
        prop_assert!(world.spool().ledger.is_passed());
        prop_assert!(files(world.folder.path(), "spool").is_empty());
        let restarts = steps.iter().filter(|it| matches!(it, Step::Crash(_) | Step::LoseMark));
        // Of a segment at most, and what was sent.
        prop_assert!(world.repeats <= restarts.count() * 8, "{} repeats", world.repeats);
    }
}
