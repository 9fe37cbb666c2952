//! Passwords as people send them.

mod common;

/// The shortest and the longest password, in characters (docs/api.md, "People").
const CHARS_MIN: usize = 12;
const CHARS_MAX: usize = 128;

/// A password of a length that can be hashed; nothing prints it.
#[derive(Clone)]
pub(crate) struct Password(String);

/// Why a text is refused as a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordError {
    #[error("must have {CHARS_MIN} to {CHARS_MAX} characters")]
    Length,
    #[error("is among the most common passwords, or a repetition; choose one that nobody else has")]
    Common,
}

impl Password {
    pub(crate) fn parse(text: String) -> Result<Self, PasswordError> {
        let chars = text.chars().count();
        if (CHARS_MIN..=CHARS_MAX).contains(&chars) {
            Ok(Self(text))
        } else {
            Err(PasswordError::Length)
        }
    }

    /// A password that somebody wants to have: one that isn't guessed first.
    pub(crate) fn choose(text: String) -> Result<Self, PasswordError> {
        let password = Self::parse(text)?;
        if common::is_common(&password.0) {
            return Err(PasswordError::Common);
        }
        Ok(password)
    }

    /// Stands in for a text that can be no password, where the time of hashing must be the same.
    pub(crate) fn impossible() -> Self {
        Self(String::new())
    }
}

impl AsRef<[u8]> for Password {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::{Password, PasswordError};

    #[test]
    fn a_password_has_twelve_to_a_hundred_and_twenty_eight_characters() {
        for (chars, is_good) in [
            (0, false),
            (11, false),
            (12, true),
            (128, true),
            (129, false),
        ] {
            assert_eq!(
                Password::parse("ü".repeat(chars)).is_ok(),
                is_good,
                "{chars}"
            );
        }
    }

    #[test]
    fn a_common_password_cannot_be_chosen_but_once_had_still_be_tried() {
        let common = || "qwertyuiop123".to_owned();
        assert!(matches!(
            Password::choose(common()),
            Err(PasswordError::Common)
        ));
        assert!(Password::parse(common()).is_ok());
        assert!(Password::choose("correct horse battery".to_owned()).is_ok());
    }
}
