//! Slugs that nobody can guess.

use super::{CHARS_MAX, Slug};

/// The shortest random slug: good for 8,528 links.
const RANDOM_CHARS_MIN: usize = 8;
/// Of so many guesses at most one leads somewhere, on average: whoever makes 1,000 a second for a day finds less than one link.
/// A fresh random slug is taken as rarely, so a second try is hardly ever needed.
const GUESSES_PER_HIT_MIN: u128 = 100_000_000;
/// Lower-case letters and digits without those that look like another: 0 o, 1 i l.
const ALPHABET: [char; 31] = [
    '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'm',
    'n', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
];

impl Slug {
    /// A slug of so many characters, from the system's cryptographic source.
    pub(crate) fn random(chars: usize) -> Self {
        use rand::seq::IndexedRandom;
        let mut rng = rand::rng();
        Self(
            (0..chars.clamp(1, CHARS_MAX))
                .filter_map(|_| ALPHABET.choose(&mut rng))
                .collect(),
        )
    }
}

/// How long a random slug must be where there are so many links: 10 characters for a million, 12 for a thousand million.
pub(crate) fn random_length(links_in_domain: u64) -> usize {
    let wanted = u128::from(links_in_domain) * GUESSES_PER_HIT_MIN;
    let (mut chars, mut slugs) = (0, 1);
    while chars < RANDOM_CHARS_MIN || slugs < wanted {
        chars += 1;
        slugs *= ALPHABET.len() as u128;
    }
    chars
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::{ALPHABET, GUESSES_PER_HIT_MIN, RANDOM_CHARS_MIN, random_length};
    use crate::links::slug::{Slug, key};

    #[test]
    fn random_slugs_differ_and_have_no_look_alikes() {
        let slugs: Vec<Slug> = (0..1_000).map(|_| Slug::random(RANDOM_CHARS_MIN)).collect();
        let differing: HashSet<&str> = slugs.iter().map(Slug::as_str).collect();
        assert_eq!(differing.len(), 1_000);
        for slug in slugs {
            assert_eq!(slug.as_str().len(), RANDOM_CHARS_MIN);
            assert_eq!(Slug::parse(slug.as_str()).as_ref(), Ok(&slug));
            assert_eq!(key(slug.as_str()), slug.as_str());
            assert!(!slug.as_str().contains(['0', 'o', '1', 'i', 'l']));
        }
    }

    #[test]
    fn every_character_of_the_alphabet_comes_about_equally_often() {
        let mut counts = [0_u32; ALPHABET.len()];
        for c in (0..1_000).flat_map(|_| Slug::random(62).0.into_bytes()) {
            let index = ALPHABET.iter().position(|it| *it as u8 == c).unwrap();
            counts[index] += 1;
        }
        // 2,000 of each are expected; 400 away from it is nine standard deviations.
        assert!(counts.iter().all(|it| (1_600..2_400).contains(it)));
    }

    #[test]
    fn random_slugs_grow_with_the_number_of_links() {
        for (links, chars) in [
            (0, 8),
            (8_528, 8),
            (8_529, 9),
            (1_000_000, 10),
            (1_000_000_000, 12),
            (u64::MAX, 19),
        ] {
            assert_eq!(random_length(links), chars, "{links} links");
        }
    }

    proptest! {
        #[test]
        fn a_guess_hits_as_rarely_as_is_promised(links: u64) {
            let slugs = (ALPHABET.len() as u128).pow(u32::try_from(random_length(links)).unwrap());
            prop_assert!(slugs / u128::from(links.max(1)) >= GUESSES_PER_HIT_MIN);
        }
    }
}
