//! The short part of a short link.

mod fill;
mod key;
mod look_alike;
mod random;
mod reserved;
#[cfg(test)]
mod tests;

use unicode_ident::is_xid_continue;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::{GeneralSecurityProfile, RestrictionLevel, RestrictionLevelDetection};

pub(crate) use fill::Fill;
pub(crate) use key::key;
pub(crate) use random::random_length;
pub(in crate::links) use reserved::RESERVED;

/// The longest slug, in characters.
const CHARS_MAX: usize = 64;
/// The longest slug, in bytes: 3 a character, as every script in daily use needs at most; in a URL each byte takes 3.
const BYTES_MAX: usize = 192;
/// What is looked at; normalising makes no text shorter than a third of it (UAX #15, table 8, read backwards).
const TEXT_BYTES_MAX: usize = 3 * BYTES_MAX;

/// A word that may be the path of a URL, and cannot be mistaken for another kind of word.
///
/// Letters, marks and digits of the identifier profile of UTS #39 (`XID_Continue` of UAX #31, less what is obsolete,
/// invisible or rare), `-` and `_`; no emoji, which that profile leaves out since they look alike.
/// Of one script, or of scripts that are written together (UTS #39, section 5.2, "Highly Restrictive").
/// Kept as it was given, in the normal form NFC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slug(String);

/// Why a text is no slug.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SlugError {
    #[error("must have 1 to {CHARS_MAX} characters, and at most {BYTES_MAX} bytes in UTF-8")]
    Length,
    #[error("must consist of letters, digits, hyphens and underscores, and not begin with a mark")]
    Character,
    #[error("mixes scripts that are not written together, so that it could be taken for another")]
    Mixed,
    #[error("is reserved, or looks like a reserved word")]
    Reserved,
    #[error("looks like `{0}`, and could be taken for it")]
    LookAlike(String),
}

impl Slug {
    pub(crate) fn parse(text: &str) -> Result<Self, SlugError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(SlugError::Length);
        }
        let slug = Self(text.nfc().collect());
        let text = slug.as_str();
        if text.is_empty() || text.len() > BYTES_MAX || text.chars().nth(CHARS_MAX).is_some() {
            return Err(SlugError::Length);
        }
        if !text.chars().all(is_allowed) || text.starts_with(is_combining_mark) {
            return Err(SlugError::Character);
        }
        if !text.check_restriction_level(RestrictionLevel::HighlyRestrictive) {
            return Err(SlugError::Mixed);
        }
        if slug.is_reserved() {
            return Err(SlugError::Reserved);
        }
        Ok(slug)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_allowed(c: char) -> bool {
    c == '-' || (is_xid_continue(c) && c.identifier_allowed())
}
