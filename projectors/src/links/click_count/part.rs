//! A day's packed clicks stand in parts, each in a row of its own: a click that comes makes Postgres write its part
//! anew, and not all that is packed.

/// The clicks of a part.
pub(super) const PART_CLICKS: usize = 64;
/// How many clicks of a day are packed before they are added up: many enough that adding up is rare, and that parts
/// are few.
pub(super) const PACKED_MAX: usize = PARTS * PART_CLICKS;
/// The parts of a day.
const PARTS: usize = 8;

/// All parts, by their places.
pub(super) fn all() -> impl Iterator<Item = usize> {
    0..PARTS
}

/// How many of a day's clicks are packed.
pub(super) const fn packed(clicks: usize) -> usize {
    clicks % PACKED_MAX
}

/// Where the clicks go that come next, and how many go there.
pub(super) const fn next(clicks: usize) -> (usize, usize) {
    let packed = packed(clicks);
    (packed / PART_CLICKS, PART_CLICKS - packed % PART_CLICKS)
}

/// How many of a day's clicks came into the part, whether they are packed or added up.
pub(super) fn share(clicks: usize, part: usize) -> usize {
    let before = part * PART_CLICKS;
    let packed = packed(clicks).saturating_sub(before).min(PART_CLICKS);
    clicks / PACKED_MAX * PART_CLICKS + packed
}

#[cfg(test)]
mod tests {
    use super::{PACKED_MAX, all, next, share};

    #[test]
    fn each_click_comes_into_the_part_that_is_next() {
        for clicks in 0..3 * PACKED_MAX {
            let shares = |clicks| all().map(|it| share(clicks, it)).collect::<Vec<_>>();
            let (part, room) = next(clicks);
            let mut expected = shares(clicks);
            expected[part] += 1;
            assert_eq!(shares(clicks + 1), expected);
            assert_eq!(shares(clicks).iter().sum::<usize>(), clicks);
            assert!(
                (1..room).all(|more| next(clicks + more).0 == part)
                    && next(clicks + room).0 != part
            );
        }
    }
}
