//! Files that an operator names: read as a whole, if they are no larger than is sensible.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It isn't there, or not for us.
    #[error("{} can't be read", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is larger than is sensible.
    #[error("{} has more than {bytes_max} bytes", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that it may have.
        bytes_max: u64,
    },
}

/// The file's bytes.
pub(crate) fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, FileError> {
    let unreadable = |source| FileError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > bytes_max {
        return Err(FileError::TooLarge {
            path: path.to_owned(),
            bytes_max,
        });
    }
    Ok(bytes)
}

/// The file's text, in UTF-8.
pub(crate) fn read_text(path: &Path, bytes_max: u64) -> Result<String, FileError> {
    let bytes = read(path, bytes_max)?;
    String::from_utf8(bytes).map_err(|error| FileError::Unreadable {
        path: path.to_owned(),
        source: io::Error::new(io::ErrorKind::InvalidData, error),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tempfile::NamedTempFile;

    use super::{FileError, read, read_text};

    #[test]
    fn a_file_is_read_up_to_its_limit_and_not_beyond() {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(b"12345").unwrap();
        assert_eq!(read(file.path(), 5).unwrap(), b"12345");
        let error = read(file.path(), 4).unwrap_err();
        assert!(matches!(error, FileError::TooLarge { bytes_max: 4, .. }));
        assert!(error.to_string().ends_with(" has more than 4 bytes"));
    }

    #[test]
    fn what_is_no_text_is_named() {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(b"\xff").unwrap();
        let error = read_text(file.path(), 5).unwrap_err();
        assert!(error.to_string().ends_with(" can't be read"));
    }
}
