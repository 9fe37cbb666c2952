//! Names of files as people give them.

use crate::text::{self, TextError};

/// What common file systems take.
const CHARS_MAX: usize = 255;

/// A name without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filename(String);

/// Why a text is no file's name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FilenameError {
    #[error(transparent)]
    Text(#[from] TextError),
    #[error("must be a name without a path")]
    Path,
}

impl Filename {
    pub(crate) fn parse(text: &str) -> Result<Self, FilenameError> {
        let name = text::line(text, CHARS_MAX)?;
        if name.contains(['/', '\\']) || name == "." || name == ".." {
            return Err(FilenameError::Path);
        }
        Ok(Self(name))
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Filename, FilenameError};

    #[test]
    fn a_path_is_no_name() {
        for text in ["../../etc/passwd", "a/b", "a\\b", ".", ".."] {
            assert_eq!(Filename::parse(text), Err(FilenameError::Path), "{text}");
        }
        assert!(Filename::parse("Ferien 2026 – Strand.png").is_ok());
    }
}
