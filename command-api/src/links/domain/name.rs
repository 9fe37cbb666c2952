//! The name of a domain that somebody brings.

use std::fmt;

use crate::links::target::Host;

/// The longest name (RFC 1035, section 2.3.4: 253 characters), less the label that its proof stands under.
const BYTES_MAX: usize = 253 - super::control::LABEL.len() - 1;
/// The longest label (RFC 1035, section 2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// A name of the public DNS in lower-case ASCII, without the final dot; its other letters are in Punycode (RFC 5890).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DomainName(String);

/// Why a text is no name of a domain.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DomainNameError {
    #[error("must be the name of a domain, such as go.example.com, without scheme, port and path")]
    Malformed,
    #[error("must be a name, and not an address")]
    Address,
    #[error("must be a name of the public DNS")]
    Private,
}

impl DomainName {
    /// Names of the local network and of this machine are none: nobody could prove that they are theirs alone.
    pub(crate) fn parse(text: &str) -> Result<Self, DomainNameError> {
        let text = text.trim();
        // What the URL standard would take, and mean something else by.
        if text.len() > 4 * BYTES_MAX || text.contains(['%', ':', '/', '?', '#', '@']) {
            let is_address = text.parse::<std::net::Ipv6Addr>().is_ok();
            return Err(if is_address {
                DomainNameError::Address
            } else {
                DomainNameError::Malformed
            });
        }
        let host = Host::parse(text).ok_or(DomainNameError::Malformed)?;
        let is_private = host.is_private() || host.is_incomplete();
        match host {
            Host::Address(_) => Err(DomainNameError::Address),
            Host::Name(name) if !is_name(&name) => Err(DomainNameError::Malformed),
            Host::Name(_) if is_private => Err(DomainNameError::Private),
            Host::Name(name) => Ok(Self(name)),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Labels of letters, digits and hyphens (RFC 1123, section 2.1).
fn is_name(name: &str) -> bool {
    name.len() <= BYTES_MAX && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{DomainName, DomainNameError};

    fn name(text: &str) -> Result<String, DomainNameError> {
        DomainName::parse(text).map(|it| it.as_str().to_owned())
    }

    #[test]
    fn a_name_takes_its_form_in_the_dns() {
        for (text, ascii) in [
            (" Go.Example.COM. ", "go.example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
            ("1.example", "1.example"),
        ] {
            assert_eq!(name(text).unwrap(), ascii);
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long_label = format!("{}.example", "a".repeat(64));
        let long_name = format!("{}example", "a.".repeat(120));
        for text in [
            "",
            ".",
            "..",
            "a..example",
            "go.example:8443",
            "https://go.example",
            "go.example/x",
            "a@b.example",
            "a b.example",
            "-a.example",
            "a-.example",
            "_dmarc.example",
            "*.example",
            "a%2eexample",
            "a\0.example",
            &long_label,
            &long_name,
            &"a".repeat(1 << 20),
        ] {
            assert_eq!(name(text), Err(DomainNameError::Malformed), "{text:?}");
        }
    }

    #[test]
    fn an_address_is_no_name_however_it_is_spelt() {
        for text in [
            "8.8.8.8",
            "127.1",
            "0x7f.1",
            "2130706433",
            "::1",
            "[::1]",
            "1.2.3.4.",
        ] {
            assert!(
                matches!(
                    name(text),
                    Err(DomainNameError::Address | DomainNameError::Malformed)
                ),
                "{text}"
            );
        }
        assert_eq!(name("8.8.8.8"), Err(DomainNameError::Address));
        assert_eq!(name("::1"), Err(DomainNameError::Address));
    }

    #[test]
    fn names_of_ones_own_network_are_nobodys() {
        for text in [
            "localhost",
            "go",
            "go.localhost",
            "printer.local",
            "go.internal",
        ] {
            assert_eq!(name(text), Err(DomainNameError::Private), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_name_parses_to_itself(text in "\\PC{0,30}(\\.[a-zäß0-9-]{1,9}){0,2}") {
            if let Ok(name) = DomainName::parse(&text) {
                prop_assert_eq!(DomainName::parse(name.as_str()), Ok(name));
            }
        }
    }
}
