//! The visitors of a row as they are stored: a `HyperLogLog` sketch.

use datasketches::error::Error;
use datasketches::hll::{Coupon, HllSketch, HllType};

/// 2^14 registers: some 1,500 visitors are told apart nearly exactly, in four bytes each;
/// beyond, a sketch has 12 KiB and a standard error of 0.8 %, so that hardly any answer is off by 2 %.
pub(super) const LG_REGISTERS: u8 = 14;

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

/// The visitors of a row, to be added to.
pub struct Sketch(HllSketch);

impl Default for Sketch {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "14 is between 4 and 21, the bounds")]
        Self(HllSketch::new(LG_REGISTERS, HllType::Hll6).expect("a size within bounds"))
    }
}

impl Sketch {
    /// Reads what is stored.
    pub fn read(bytes: &[u8]) -> Result<Self, SketchError> {
        Ok(Self(HllSketch::deserialize(bytes)?))
    }

    /// Takes in one visitor: what `Coupon::from_value` makes of its number.
    pub fn add(&mut self, visitor: Coupon) {
        self.0.update_with_coupon(visitor);
    }

    /// What is stored: the same bytes for the same visitors, whatever the order in which they came.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.0.serialize();
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
    use datasketches::hll::{Coupon, HllSketch, HllType, HllUnion};
    use proptest::prelude::*;

    use super::{LG_REGISTERS, Sketch};

    fn of(visitors: impl IntoIterator<Item = u64>) -> Sketch {
        with(Sketch::default(), visitors)
    }

    fn with(mut sketch: Sketch, visitors: impl IntoIterator<Item = u64>) -> Sketch {
        let coupons = visitors.into_iter().map(Coupon::from_value);
        coupons.for_each(|it| sketch.add(it));
        sketch
    }

    /// What the library's union makes of them, in the same form.
    fn united(parts: &[Vec<u8>]) -> Vec<u8> {
        let mut union = HllUnion::new(LG_REGISTERS).unwrap();
        for part in parts {
            union.update(&HllSketch::deserialize(part).unwrap());
        }
        Sketch(union.to_sketch(HllType::Hll6)).to_bytes()
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
            assert!(Sketch::read(bytes).is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_same_visitors_are_the_same_bytes_in_whatever_order_and_parts_they_come(
            count in 0..4_000_u64, parts in 1..5_u64, seed: u64
        ) {
            let whole = of(0..count).to_bytes();
            let part = |at: u64| (0..count).rev().filter(move |it| it.wrapping_add(seed) % parts == at);
            let mut stored = Sketch::default().to_bytes();
            for at in 0..parts {
                stored = with(Sketch::read(&stored).unwrap(), part(at)).to_bytes();
            }
            prop_assert_eq!(&stored, &whole);
            let parts: Vec<_> = (0..parts).map(|at| of(part(at)).to_bytes()).collect();
            prop_assert_eq!(&united(&parts), &whole);
            prop_assert_eq!(Sketch::read(&whole).unwrap().to_bytes(), whole);
        }
    }
}
