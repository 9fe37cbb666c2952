//! What makes two slugs the same.

use icu_casemap::CaseMapper;
use unicode_normalization::UnicodeNormalization;

use super::Slug;

impl Slug {
    /// The form by which a slug is unique in its domain.
    pub(crate) fn key(&self) -> String {
        key(&self.0)
    }
}

/// Whether two slugs of a domain are one.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one == other || key(one) == key(other)
}

/// The form by which a slug is unique in its domain, since case tells nothing apart: also of one that was taken
/// under other rules.
///
/// It is the canonical caseless match of the Unicode Standard (section 3.13, D145), in NFC:
/// `Straße`, `STRASSE` and `strasse` are one.
pub(crate) fn key(slug: &str) -> String {
    let decomposed: String = slug.nfd().collect();
    CaseMapper::new().fold_string(&decomposed).nfc().collect()
}
