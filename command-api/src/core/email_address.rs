//! E-mail addresses: what is one, and when two are the same.

/// The longest address (RFC 5321, section 4.5.3.1.3, without the angle brackets).
const BYTES_MAX: usize = 254;
/// The longest part before the @ (RFC 5321, section 4.5.3.1.1).
const LOCAL_BYTES_MAX: usize = 64;

/// An address, normalised: lower case, without space around it.
///
/// Real systems treat the part before the @ as caseless whatever RFC 5321 allows, and so do people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EmailAddress(String);

/// Why a text is no address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EmailAddressError {
    #[error("must have at most {BYTES_MAX} bytes, {LOCAL_BYTES_MAX} of them before the @")]
    TooLong,
    #[error("must be an e-mail address, such as ada@example.com")]
    Malformed,
}

impl EmailAddress {
    pub(crate) fn parse(text: &str) -> Result<Self, EmailAddressError> {
        let address = text.trim().to_lowercase();
        let (local, domain) = address
            .rsplit_once('@')
            .ok_or(EmailAddressError::Malformed)?;
        if address.len() > BYTES_MAX || local.len() > LOCAL_BYTES_MAX {
            return Err(EmailAddressError::TooLong);
        }
        if is_local(local) && is_domain(domain) {
            Ok(Self(address))
        } else {
            Err(EmailAddressError::Malformed)
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The unquoted form (`dot-atom` of RFC 5322), with letters beyond ASCII (RFC 6531).
fn is_local(local: &str) -> bool {
    let is_atom_char = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local
        .split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(is_atom_char))
}

/// At least two labels of letters, digits and inner hyphens.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    domain.contains('.') && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::{EmailAddress, EmailAddressError};

    #[test]
    fn case_and_space_around_make_no_other_address() {
        let address = EmailAddress::parse(" Ada.Lovelace+notes@Example.COM ").unwrap();
        assert_eq!(address.as_str(), "ada.lovelace+notes@example.com");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@example",
            "a da@example.com",
            "a..b@example.com",
            "ada@-example.com",
            "ada@exa\u{0}mple.com",
            "ada@example..com",
            "<ada@example.com>",
            "ada\u{202e}@example.com",
        ] {
            assert_eq!(
                EmailAddress::parse(text),
                Err(EmailAddressError::Malformed),
                "{text:?}"
            );
        }
    }

    #[test]
    fn an_overlong_address_is_refused() {
        let local = format!("{}@example.com", "a".repeat(65));
        let whole = format!("a@{}com", "example.".repeat(40));
        for text in [local, whole] {
            assert_eq!(EmailAddress::parse(&text), Err(EmailAddressError::TooLong));
        }
    }
}
