//! What makes two slugs the same.

use icu_casemap::CaseMapper;
use unicode_normalization::UnicodeNormalization;

/// The form by which a slug is unique where case tells nothing apart: also of one that was taken
/// under other rules.
///
/// It is the canonical caseless match of the Unicode Standard (section 3.13, D145), in NFC:
/// `Straße`, `STRASSE` and `strasse` are one.
pub(crate) fn key(slug: &str) -> String {
    if slug.is_ascii() {
        return slug.to_ascii_lowercase();
    }
    let decomposed: String = slug.nfd().collect();
    CaseMapper::new().fold_string(&decomposed).nfc().collect()
}
