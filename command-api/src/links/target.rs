//! Where a link leads.

use url::Url;

use crate::text::is_hostile;

/// The longest target, in bytes; what browsers and proxies take without trouble.
const BYTES_MAX: usize = 2_048;

/// An absolute http or https address, in the form that the URL standard gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target(String);

/// Why a text is no target.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    #[error("must have at most {BYTES_MAX} bytes")]
    TooLong,
    #[error("must not contain control characters or marks that change the direction of reading")]
    Hostile,
    #[error("must be an absolute URL, such as https://example.com/page")]
    Malformed,
    #[error("must be an http or https address")]
    Scheme,
    #[error("must not contain a user name or a password")]
    Credentials,
}

impl Target {
    pub(crate) fn parse(text: &str) -> Result<Self, TargetError> {
        if text.len() > BYTES_MAX {
            return Err(TargetError::TooLong);
        }
        if text.chars().any(is_hostile) {
            return Err(TargetError::Hostile);
        }
        let url = Url::parse(text.trim()).map_err(|_| TargetError::Malformed)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(TargetError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials);
        }
        let target = String::from(url);
        // Escaping may have made it longer.
        if target.len() > BYTES_MAX {
            Err(TargetError::TooLong)
        } else {
            Ok(Self(target))
        }
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Target, TargetError};

    #[test]
    fn an_address_takes_its_standard_form() {
        let target = Target::parse(" https://EXAMPLE.com/a b?q=ü ").unwrap();
        assert_eq!(target.into_string(), "https://example.com/a%20b?q=%C3%BC");
    }

    #[test]
    fn each_fault_is_named() {
        let overlong = format!("https://example.com/{}", "ü".repeat(1_000));
        for (text, fault) in [
            ("", TargetError::Malformed),
            ("/page", TargetError::Malformed),
            ("https://", TargetError::Malformed),
            ("javascript:alert(1)", TargetError::Scheme),
            ("data:text/html,x", TargetError::Scheme),
            ("ftp://example.com", TargetError::Scheme),
            ("https://user:pass@example.com", TargetError::Credentials),
            ("https://example.com/\u{202e}gpj.exe", TargetError::Hostile),
            ("https://example.com/\0", TargetError::Hostile),
            ("java\nscript:alert(1)", TargetError::Hostile),
            (&overlong, TargetError::TooLong),
        ] {
            assert_eq!(Target::parse(text), Err(fault), "{text:?}");
        }
    }
}
