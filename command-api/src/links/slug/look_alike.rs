//! Slugs that could be taken for others: written in another script, they look like letters of ASCII.

use super::{Slug, SlugError};

impl Slug {
    /// As [`Slug::parse`], for one that is to be taken: what looks like ASCII from end to end must be ASCII.
    ///
    /// Those that were taken before are still slugs.
    pub(crate) fn parse_new(text: &str) -> Result<Self, SlugError> {
        let slug = Self::parse(text)?;
        match slug.look_alike() {
            Some(look) => Err(SlugError::LookAlike(look)),
            None => Ok(slug),
        }
    }

    /// The skeleton (UTS #39, section 4) of a slug in another script, if it is one in ASCII.
    fn look_alike(&self) -> Option<String> {
        if self.as_str().is_ascii() {
            return None;
        }
        let look: String = unicode_security::skeleton(self.as_str()).collect();
        look.is_ascii().then_some(look)
    }
}

#[cfg(test)]
mod tests {
    use crate::links::slug::{Slug, SlugError};

    #[test]
    fn what_looks_like_ascii_and_is_none_is_refused_and_the_look_is_named() {
        for (text, look) in [
            ("\u{441}\u{43e}\u{441}\u{43e}", "coco"),
            ("СОСО", "COCO"),
            ("ѕсоре-2026", "scope-2O26"),
            ("ορο", "opo"),
        ] {
            let refused = Err(SlugError::LookAlike(look.to_owned()));
            assert_eq!(Slug::parse_new(text), refused, "{text}");
            // Whoever has it keeps it.
            assert!(Slug::parse(text).is_ok(), "{text}");
        }
        let told = SlugError::LookAlike("coco".to_owned()).to_string();
        assert!(told.contains("`coco`"), "{told}");
    }

    #[test]
    fn what_looks_like_itself_is_a_slug() {
        for text in [
            "coco",
            "O0Il1",
            "Straße",
            "été",
            "привет",
            "тест",
            "карта",
            "καλημέρα",
            "東京タワー",
            "नमस्ते",
            "שלום",
        ] {
            assert!(Slug::parse_new(text).is_ok(), "{text}");
        }
    }
}
