//! Clicks added up in memory: by quarter of an hour, and by the values of each dimension.

use std::hash::Hash;

use foldhash::HashMap;
use service::click_count::{Coupon, Dimension};

use super::breath::Breath;
use super::click::{Click, Texts};
use super::day::ScopeDay;

/// What is added to a row.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Added {
    pub(super) clicks: i64,
    /// The visitor of each click that has one.
    pub(super) visitors: Vec<Coupon>,
}

/// Where the clicks of a quarter of an hour are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct QuarterKey {
    pub(super) day: ScopeDay,
    pub(super) quarter: u8,
    pub(super) is_bot: bool,
}

/// Where the clicks with a value are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ValueKey<'c> {
    pub(super) day: ScopeDay,
    pub(super) dimension: i16,
    pub(super) is_bot: bool,
    pub(super) value: &'c str,
}

/// What is added to which rows; no key comes twice.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally<'c> {
    pub(super) quarters: Vec<(QuarterKey, Added)>,
    pub(super) values: Vec<(ValueKey<'c>, Added)>,
}

impl<'c> Tally<'c> {
    /// Adds up the clicks of a day, which comes only once.
    pub(super) async fn add(
        &mut self,
        day: ScopeDay,
        clicks: &[Click],
        texts: &Texts<'c>,
        breath: &mut Breath,
    ) {
        let visitor = |it: &Click| it.visitor.map(Coupon::from_value);
        let visitors: Vec<_> = clicks.iter().map(visitor).collect();
        let added = |((quarter, is_bot), added)| {
            let key = QuarterKey {
                day,
                quarter,
                is_bot,
            };
            (key, added)
        };
        let quarters = by(clicks, &visitors, |click| (click.quarter, click.is_bot));
        self.quarters.extend(in_order(quarters.map(added)));
        for dimension in Dimension::ALL {
            breath.after(clicks.len()).await;
            let added = |((number, is_bot), added)| {
                let key = ValueKey {
                    day,
                    dimension: dimension.number(),
                    is_bot,
                    value: texts.get(number),
                };
                (key, added)
            };
            let number = |click: &Click| dimension.of(&click.texts);
            let values = by(clicks, &visitors, |click| (number(click), click.is_bot));
            self.values.extend(in_order(values.map(added)));
        }
    }
}

/// What is added for each key, of clicks and the visitors of each.
fn by<K: Hash + Eq>(
    clicks: &[Click],
    visitors: &[Option<Coupon>],
    key: impl Fn(&Click) -> K,
) -> impl Iterator<Item = (K, Added)> {
    let mut all: HashMap<K, Added> = HashMap::default();
    for (click, visitor) in clicks.iter().zip(visitors) {
        let added = all.entry(key(click)).or_default();
        added.clicks += 1;
        added.visitors.extend(*visitor);
    }
    all.into_iter()
}

/// In the order of the table's index.
fn in_order<K: Ord>(rows: impl Iterator<Item = (K, Added)>) -> Vec<(K, Added)> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    rows
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use proptest::prelude::*;
    use service::click_count::{Coupon, Dimension};
    use time::macros::date;
    use uuid::Uuid;

    use super::super::day::ScopeDay;
    use super::{Breath, Click, Tally, Texts};

    const DAY: ScopeDay = ScopeDay {
        scope: Uuid::nil(),
        day: date!(2026 - 11 - 21),
        workspace: Uuid::nil(),
    };

    const TEXTS: [&str; Dimension::ALL.len()] = ["b", "a", "", "", "", "", "", "", "", ""];

    /// Its text is not known, or one of two; the second of them comes first in the index.
    fn a_click() -> impl Strategy<Value = Click> {
        (
            0..3_u8,
            any::<bool>(),
            proptest::option::of(0..9_u64),
            0..3_u32,
        )
            .prop_map(|(quarter, is_bot, visitor, text)| Click {
                quarter,
                is_bot,
                visitor,
                texts: [text; Dimension::ALL.len()],
            })
    }

    proptest! {
        #[test]
        fn every_click_is_in_one_quarter_and_in_one_value_of_each_dimension(
            clicks in prop::collection::vec(a_click(), 0..60)
        ) {
            let (mut tally, mut texts, mut breath) = (Tally::default(), Texts::default(), Breath::default());
            texts.numbers(TEXTS);
            tally.add(DAY, &clicks, &texts, &mut breath).now_or_never().unwrap();
            prop_assert!(tally.quarters.is_sorted_by(|(a, _), (b, _)| a < b), "each key once");
            prop_assert!(tally.values.is_sorted_by(|(a, _), (b, _)| a < b), "each key once");
            for (key, added) in &tally.quarters {
                let its = || clicks.iter().filter(|it| (it.quarter, it.is_bot) == (key.quarter, key.is_bot));
                prop_assert_eq!(added.clicks, i64::try_from(its().count()).unwrap());
                let visitors = its().filter_map(|it| it.visitor.map(Coupon::from_value));
                prop_assert_eq!(&added.visitors, &visitors.collect::<Vec<_>>());
            }
            for (key, added) in &tally.values {
                let its = clicks.iter().filter(|it| (it.is_bot, texts.get(it.texts[0])) == (key.is_bot, key.value));
                prop_assert_eq!(added.clicks, i64::try_from(its.count()).unwrap());
            }
            let counted = |dimension: i16| -> i64 {
                let its = tally.values.iter().filter(|(key, _)| key.dimension == dimension);
                its.map(|(_, added)| added.clicks).sum()
            };
            for dimension in Dimension::ALL {
                prop_assert_eq!(counted(dimension.number()), i64::try_from(clicks.len()).unwrap());
            }
        }
    }
}
