//! What makes two slugs the same.

use icu_casemap::CaseMapper;
use unicode_normalization::UnicodeNormalization;

use super::Slug;

impl Slug {
    /// The form by which a slug is unique in its domain: as it is, or folded where case tells nothing apart.
    ///
    /// Folded is the canonical caseless match of the Unicode Standard (section 3.13, D145), in NFC:
    /// `Straße`, `STRASSE` and `strasse` are one.
    pub(crate) fn key(&self, is_case_sensitive: bool) -> String {
        if is_case_sensitive {
            self.0.clone()
        } else {
            folded(&self.0)
        }
    }
}

pub(super) fn folded(text: &str) -> String {
    let decomposed: String = text.nfd().collect();
    CaseMapper::new().fold_string(&decomposed).nfc().collect()
}
