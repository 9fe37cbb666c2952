//! How many visitors there were: a `HyperLogLog` sketch, which may be merged with others.

use datasketches::error::Error;
use datasketches::hll::{HllSketch, HllType, HllUnion};

/// 2^14 registers: some 1,500 visitors are told apart nearly exactly, in four bytes each;
/// beyond, a sketch has 12 KiB and a standard error of 0.8 %, so that hardly any answer is off by 2 %.
const LG_REGISTERS: u8 = 14;

// Where a serialised sketch says what it is: the format of Apache DataSketches, which all its languages share.
const MODE: usize = 7;
const FLAGS: usize = 5;
const MODE_MASK: u8 = 0b11;
const LIST: u8 = 0;
const SET: u8 = 1;
const OUT_OF_ORDER: u8 = 16;
const ORDER_ESTIMATE: std::ops::Range<usize> = 8..16;
const LIST_HEAD_BYTES: usize = 8;
const SET_HEAD_BYTES: usize = 12;
const COUPON_BYTES: usize = 4;

/// The bytes are no sketch.
#[derive(Debug, thiserror::Error)]
#[error("no sketch of visitors")]
pub struct SketchError(#[from] Error);

/// Distinct visitors, counted nearly.
pub struct Visitors(HllUnion);

/// The number that stands for a visitor; none for what is no visitor's hash.
pub fn visitor(hash: &str) -> Option<u64> {
    let is_hash = hash.len() == 16 && hash.bytes().all(|it| it.is_ascii_hexdigit());
    is_hash
        .then(|| u64::from_str_radix(hash, 16).ok())
        .flatten()
}

impl Default for Visitors {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "14 is between 4 and 21, the bounds")]
        Self(HllUnion::new(LG_REGISTERS).expect("a size within bounds"))
    }
}

impl Visitors {
    /// Takes in one visitor.
    pub fn add(&mut self, visitor: u64) {
        self.0.update_value(visitor);
    }

    /// Takes in all visitors of a sketch that was stored.
    pub fn merge(&mut self, sketch: &[u8]) -> Result<(), SketchError> {
        self.0.update(&HllSketch::deserialize(sketch)?);
        Ok(())
    }

    /// Takes in all visitors of another.
    pub fn merge_all(&mut self, other: &Self) {
        self.0.update(&other.0.to_sketch(HllType::Hll8));
    }

    /// How many there are.
    pub fn count(&self) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "far below 2^53 visitors")]
        {
            self.0.estimate().round() as i64
        }
    }

    /// What is stored: the same bytes for the same visitors, whatever the order in which they came.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.0.to_sketch(HllType::Hll6).serialize();
        match bytes.get(MODE).map(|it| it & MODE_MASK) {
            Some(LIST) => sort_coupons(&mut bytes, LIST_HEAD_BYTES),
            Some(SET) => sort_coupons(&mut bytes, SET_HEAD_BYTES),
            _ => forget_order(&mut bytes),
        }
        bytes
    }
}

fn sort_coupons(bytes: &mut [u8], head_bytes: usize) {
    if let Some(coupons) = bytes.get_mut(head_bytes..) {
        let (coupons, _) = coupons.as_chunks_mut::<COUPON_BYTES>();
        coupons.sort_unstable();
    }
}

/// Drops the estimate that depends on the order; the one by the registers is left.
fn forget_order(bytes: &mut [u8]) {
    if let Some(flags) = bytes.get_mut(FLAGS) {
        *flags |= OUT_OF_ORDER;
    }
    if let Some(estimate) = bytes.get_mut(ORDER_ESTIMATE) {
        estimate.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::rngs::SmallRng;
    use rand::{RngExt, SeedableRng};

    use super::{Visitors, visitor};

    fn of(visitors: impl IntoIterator<Item = u64>) -> Visitors {
        let mut all = Visitors::default();
        visitors.into_iter().for_each(|it| all.add(it));
        all
    }

    /// How far off the count is, as a part of the whole.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn error(counted: i64, true_count: usize) -> f64 {
        (counted as f64 / true_count as f64 - 1.0).abs()
    }

    #[test]
    fn a_count_is_off_by_two_percent_at_most_whether_counted_at_once_or_merged() {
        let mut random = SmallRng::seed_from_u64(1);
        for true_count in [1, 10, 100, 1_000, 5_000, 20_000, 100_000, 500_000] {
            let visitors: Vec<u64> = (0..true_count).map(|_| random.random()).collect();
            let counted = of(visitors.iter().copied()).count();
            assert!(
                error(counted, true_count) <= 0.02,
                "{counted} of {true_count}"
            );
            let mut merged = Visitors::default();
            for part in visitors.chunks(997) {
                merged.merge(&of(part.iter().copied()).to_bytes()).unwrap();
            }
            let counted = merged.count();
            assert!(
                error(counted, true_count) <= 0.02,
                "{counted} of {true_count}, merged"
            );
        }
    }

    #[test]
    fn a_few_are_counted_exactly() {
        assert_eq!(Visitors::default().count(), 0);
        for count in [1, 2, 8, 9, 100, 1_000] {
            assert_eq!(of(0..count.try_into().unwrap()).count(), count);
        }
    }

    #[test]
    fn a_sketch_is_small_while_it_holds_few() {
        assert_eq!(of([7]).to_bytes().len(), 12);
        assert!(of(0..100).to_bytes().len() <= 12 + 4 * 100);
        assert!(of(0..1_000_000).to_bytes().len() <= 12 * 1024 + 64);
    }

    #[test]
    fn what_is_no_sketch_is_refused() {
        for bytes in [&b""[..], b"x", b"no sketch at all"] {
            assert!(Visitors::default().merge(bytes).is_err());
        }
    }

    #[test]
    fn a_visitor_is_sixteen_hexadecimal_digits() {
        assert_eq!(visitor("00000000000000ff"), Some(255));
        assert_eq!(visitor("ffffffffffffffff"), Some(u64::MAX));
        for none in [
            "",
            "ff",
            "+000000000000001",
            "0000000000000fffe",
            "éééééééé",
        ] {
            assert_eq!(visitor(none), None, "{none}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_same_visitors_are_the_same_bytes_in_whatever_order_and_parts_they_come(
            count in 0..4_000_u64, parts in 1..5_u64, seed: u64
        ) {
            let whole = of(0..count).to_bytes();
            let mut merged = Visitors::default();
            for part in 0..parts {
                let part = (0..count).rev().filter(|it| it.wrapping_add(seed) % parts == part);
                let mut stored = Visitors::default();
                stored.merge(&merged.to_bytes()).unwrap();
                part.for_each(|it| stored.add(it));
                merged = stored;
            }
            prop_assert_eq!(&merged.to_bytes(), &whole);
            let mut again = Visitors::default();
            again.merge(&whole).unwrap();
            prop_assert_eq!(again.to_bytes(), whole);
        }
    }
}
