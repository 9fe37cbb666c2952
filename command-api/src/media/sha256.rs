//! Checksums as clients write them and as storage writes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A SHA-256 in 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sha256(String);

/// Why a text is no SHA-256.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a SHA-256 in 64 hexadecimal digits")]
pub(crate) struct Sha256Error;

impl Sha256 {
    pub(crate) fn parse(text: &str) -> Result<Self, Sha256Error> {
        let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hex {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(Sha256Error)
        }
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// S3 writes checksums in base64; `None` if the text is no 32 bytes in hexadecimal.
pub(super) fn base64_of_hex(hex: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok())
        .collect();
    bytes
        .filter(|bytes| bytes.len() == 32)
        .map(|bytes| STANDARD.encode(bytes))
}

/// The hexadecimal form of what S3 tells; `None` if that is no SHA-256.
pub(super) fn hex_of_base64(base64: &str) -> Option<String> {
    use std::fmt::Write;
    let bytes = STANDARD
        .decode(base64)
        .ok()
        .filter(|bytes| bytes.len() == 32)?;
    let mut hex = String::with_capacity(64);
    for byte in bytes {
        write!(hex, "{byte:02x}").ok()?;
    }
    Some(hex)
}

#[cfg(test)]
mod tests {
    use super::{Sha256, base64_of_hex, hex_of_base64};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_two_spellings_lead_to_each_other(hex in "[0-9a-f]{64}") {
            prop_assert_eq!(hex_of_base64(&base64_of_hex(&hex).unwrap()), Some(hex));
        }
    }

    #[test]
    fn what_is_no_checksum_is_refused() {
        for text in ["", "abc", &"g".repeat(64), &"a".repeat(63), &"a".repeat(66)] {
            assert!(Sha256::parse(text).is_err(), "{text}");
        }
    }
}
