//! How many visitors there were, of any number of sketches.

use datasketches::hll::{HllSketch, HllType, HllUnion};

use super::sketch::{LG_REGISTERS, SketchError};

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
}

#[cfg(test)]
mod tests {
    use datasketches::hll::Coupon;
    use rand::rngs::SmallRng;
    use rand::{RngExt, SeedableRng};

    use super::super::sketch::Sketch;
    use super::{Visitors, visitor};

    fn of(visitors: impl IntoIterator<Item = u64>) -> Visitors {
        let mut all = Visitors::default();
        visitors.into_iter().for_each(|it| all.add(it));
        all
    }

    fn stored(visitors: &[u64]) -> Vec<u8> {
        let mut sketch = Sketch::default();
        for it in visitors {
            sketch.add(Coupon::from_value(it));
        }
        sketch.to_bytes()
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
                merged.merge(&stored(part)).unwrap();
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
}
