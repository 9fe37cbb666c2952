//! What a person wants to be called.

use crate::text::{self, TextError};

/// The longest name, in characters.
const CHARS_MAX: usize = 100;

/// One line, without space around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(String);

impl Name {
    pub(crate) fn parse(text: &str) -> Result<Self, TextError> {
        text::line(text, CHARS_MAX).map(Self)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
