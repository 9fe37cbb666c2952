//! The short part of a short link.

/// The longest slug.
const BYTES_MAX: usize = 64;
/// The length of a random slug: 31⁸ are 853 thousand million, so with a million links
/// somebody who guesses hits one in 853,000 tries.
const RANDOM_CHARS: usize = 8;
/// Lower-case letters and digits without those that look like another: 0 o, 1 i l.
const ALPHABET: [char; 31] = [
    '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'm',
    'n', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
];
/// Paths that Millrace, or a browser, has another use for.
const RESERVED: [&str; 10] = [
    "v1", "docs", "health", "metrics", "favicon", "robots", "sitemap", "admin", "api", "static",
];

/// 1 to 64 ASCII letters, digits, hyphens and underscores; no reserved word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slug(String);

/// Why a text is no slug.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SlugError {
    #[error("must have 1 to {BYTES_MAX} characters")]
    Length,
    #[error("must consist of ASCII letters, digits, hyphens and underscores")]
    Character,
    #[error("is reserved")]
    Reserved,
}

/// Whether two slugs of a domain are one.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one == other
}

impl Slug {
    pub(crate) fn parse(text: &str) -> Result<Self, SlugError> {
        if !(1..=BYTES_MAX).contains(&text.len()) {
            return Err(SlugError::Length);
        }
        if !text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        {
            return Err(SlugError::Character);
        }
        if RESERVED.iter().any(|word| word.eq_ignore_ascii_case(text)) {
            return Err(SlugError::Reserved);
        }
        Ok(Self(text.to_owned()))
    }

    /// A slug that nobody can guess, from the system's cryptographic source.
    pub(crate) fn random() -> Self {
        use rand::seq::IndexedRandom;
        let mut rng = rand::rng();
        Self(
            (0..RANDOM_CHARS)
                .filter_map(|_| ALPHABET.choose(&mut rng))
                .collect(),
        )
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{RANDOM_CHARS, Slug, SlugError};
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #[test]
        fn what_is_made_of_the_alphabet_is_a_slug(text in "[A-Za-z0-9_-]{9,64}") {
            let slug = Slug::parse(&text).unwrap();
            prop_assert_eq!(slug.as_str(), text);
        }

        #[test]
        fn what_holds_anything_else_is_none(text in ".*[^A-Za-z0-9_-].*") {
            prop_assert!(Slug::parse(&text).is_err());
        }
    }

    #[test]
    fn each_fault_is_named() {
        assert_eq!(Slug::parse(""), Err(SlugError::Length));
        assert_eq!(Slug::parse(&"a".repeat(1 << 20)), Err(SlugError::Length));
        assert_eq!(Slug::parse("a/b"), Err(SlugError::Character));
        for word in ["v1", "V1", "docs", "health", "metrics"] {
            assert_eq!(Slug::parse(word), Err(SlugError::Reserved), "{word}");
        }
    }

    #[test]
    fn random_slugs_differ_and_have_no_look_alikes() {
        let slugs: HashSet<String> = (0..1_000).map(|_| Slug::random().0).collect();
        assert_eq!(slugs.len(), 1_000);
        assert!(
            slugs
                .iter()
                .all(|slug| slug.len() == RANDOM_CHARS && Slug::parse(slug).is_ok())
        );
        assert!(
            !slugs
                .iter()
                .any(|slug| slug.contains(['0', 'o', '1', 'i', 'l']))
        );
    }
}
