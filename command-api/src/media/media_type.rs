//! Media types.

/// The longest, in bytes; each half may have 127 characters (RFC 6838, section 4.2).
const BYTES_MAX: usize = 255;

/// A type and a subtype, lower case, without parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MediaType(String);

/// Why a text is no media type.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a media type without parameters, such as image/png")]
pub(crate) struct MediaTypeError;

impl MediaType {
    pub(crate) fn parse(text: &str) -> Result<Self, MediaTypeError> {
        let (kind, subtype) = text.split_once('/').ok_or(MediaTypeError)?;
        if text.len() <= BYTES_MAX && is_restricted_name(kind) && is_restricted_name(subtype) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(MediaTypeError)
        }
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// `restricted-name` of RFC 6838, section 4.2.
fn is_restricted_name(name: &str) -> bool {
    let is_char = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
    (1..=127).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(is_char)
}

#[cfg(test)]
mod tests {
    use super::MediaType;

    #[test]
    fn a_media_type_is_told_in_lower_case() {
        assert_eq!(
            MediaType::parse("Image/SVG+xml").unwrap().into_string(),
            "image/svg+xml"
        );
    }

    #[test]
    fn what_is_no_media_type_is_refused() {
        for text in [
            "",
            "image",
            "image/",
            "/png",
            "image/png; q=1",
            "image/p ng",
            "a/b\r\nx: y",
        ] {
            assert!(MediaType::parse(text).is_err(), "{text:?}");
        }
    }
}
