//! Words that are no slugs, however they are written.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::Slug;
use super::key::key;

/// Paths that Millrace, or a browser, has another use for: each page of one segment is among them.
pub(in crate::links) const RESERVED: [&str; 10] = [
    "v1", "docs", "health", "metrics", "favicon", "robots", "sitemap", "admin", "api", "static",
];

/// What they look like, in lower and in upper case: `I` looks like `l`, and `i` does not.
static LOOKS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let spelt = RESERVED.map(|word| [looks(word), looks(&word.to_uppercase())]);
    spelt.into_iter().flatten().collect()
});

impl Slug {
    /// Whether it is a reserved word, or could be taken for one.
    pub(super) fn is_reserved(&self) -> bool {
        let (text, key) = (self.as_str(), key(self.as_str()));
        LOOKS.contains(&looks(text)) || (key != text && LOOKS.contains(&looks(&key)))
    }
}

/// The same for texts that look alike (the skeleton of UTS #39, section 4), whatever their case.
fn looks(text: &str) -> String {
    let skeleton: String = unicode_security::skeleton(text).collect();
    unicode_security::skeleton(&key(&skeleton)).collect()
}

#[cfg(test)]
mod tests {
    use super::RESERVED;
    use crate::links::slug::{Slug, SlugError};

    #[test]
    fn reserved_words_are_refused_in_any_case() {
        for word in RESERVED {
            for text in [word.to_owned(), word.to_uppercase()] {
                assert_eq!(Slug::parse(&text), Err(SlugError::Reserved), "{text}");
            }
        }
    }

    #[test]
    fn what_looks_like_a_reserved_word_is_refused() {
        for text in [
            "vl",
            "vI",
            "Vl",
            "d0cs",
            "D0CS",
            "heaIth",
            "rnetrics",
            "rob0ts",
            "adm1n",
            "ap1",
            "арі",
            "АРІ",
            "ЅТАТІС",
        ] {
            assert_eq!(Slug::parse(text), Err(SlugError::Reserved), "{text}");
        }
    }

    #[test]
    fn what_only_holds_a_reserved_word_is_a_slug() {
        for text in ["docs-2026", "api_", "v12", "admins", "статика"] {
            assert!(Slug::parse(text).is_ok(), "{text}");
        }
    }
}
