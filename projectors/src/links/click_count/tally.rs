//! Clicks added up in memory: by quarter of an hour, and by the values of each dimension.

use std::hash::Hash;

use foldhash::HashMap;
use service::click_count::{Dimension, PackedClick};

use super::breath::Breath;
use super::count::ScopeDay;

/// What is added to a row.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Added {
    pub(super) clicks: i64,
    /// The visitor of each click that has one.
    pub(super) visitors: Vec<u64>,
}

impl Added {
    fn add(&mut self, click: &PackedClick<'_>) {
        self.clicks += 1;
        self.visitors.extend(click.visitor);
    }
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
        clicks: &[PackedClick<'c>],
        breath: &mut Breath,
    ) {
        let quarters = by(clicks, |click| (click.quarter, click.is_bot));
        let quarters = quarters.map(|((quarter, is_bot), added)| {
            let key = QuarterKey {
                day,
                quarter,
                is_bot,
            };
            (key, added)
        });
        self.quarters.extend(quarters);
        for dimension in Dimension::ALL {
            breath.after(clicks.len()).await;
            let values = by(clicks, |click| (click.is_bot, dimension.of(&click.values)));
            let values = values.map(|((is_bot, value), added)| {
                let key = ValueKey {
                    day,
                    dimension: dimension.number(),
                    is_bot,
                    value,
                };
                (key, added)
            });
            self.values.extend(values);
        }
    }
}

fn by<'c, K: Hash + Eq + Ord>(
    clicks: &[PackedClick<'c>],
    key: impl Fn(&PackedClick<'c>) -> K,
) -> impl Iterator<Item = (K, Added)> {
    let mut all: HashMap<K, Added> = HashMap::default();
    for click in clicks {
        all.entry(key(click)).or_default().add(click);
    }
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    all.into_iter()
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use proptest::prelude::*;
    use service::click_count::{Dimension, PackedClick};
    use time::macros::date;
    use uuid::Uuid;

    use super::super::count::ScopeDay;
    use super::{Breath, Tally};

    const DAY: ScopeDay = ScopeDay {
        scope: Uuid::nil(),
        day: date!(2026 - 11 - 21),
        workspace: Uuid::nil(),
    };

    fn a_click() -> impl Strategy<Value = PackedClick<'static>> {
        let value = prop::sample::select(vec!["", "a", "b"]);
        (
            0..3_u8,
            any::<bool>(),
            proptest::option::of(0..9_u64),
            value,
        )
            .prop_map(|(quarter, is_bot, visitor, value)| PackedClick {
                quarter,
                is_bot,
                visitor,
                values: [value; Dimension::ALL.len()],
            })
    }

    proptest! {
        #[test]
        fn every_click_is_in_one_quarter_and_in_one_value_of_each_dimension(
            clicks in prop::collection::vec(a_click(), 0..60)
        ) {
            let mut tally = Tally::default();
            let mut breath = Breath::default();
            tally.add(DAY, &clicks, &mut breath).now_or_never().unwrap();
            prop_assert!(tally.quarters.is_sorted_by(|(a, _), (b, _)| a < b), "each key once");
            prop_assert!(tally.values.is_sorted_by(|(a, _), (b, _)| a < b), "each key once");
            for (key, added) in &tally.quarters {
                let its = || clicks.iter().filter(|it| (it.quarter, it.is_bot) == (key.quarter, key.is_bot));
                prop_assert_eq!(added.clicks, i64::try_from(its().count()).unwrap());
                prop_assert_eq!(&added.visitors, &its().filter_map(|it| it.visitor).collect::<Vec<_>>());
            }
            for (key, added) in &tally.values {
                let its = clicks.iter().filter(|it| (it.is_bot, it.values[0]) == (key.is_bot, key.value));
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
