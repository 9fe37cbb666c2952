//! Domains that no link may lead to, from a file.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use url::Url;

use super::host::Host;
use crate::bounded_file::{self, FileError};

/// The largest file: some three million domains.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Domains, each with all below it.
#[derive(Debug, Default)]
pub(crate) struct Blocklist(HashSet<Box<str>>);

/// The file of blocked domains cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BlocklistError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line is no domain.
    #[error("{}, line {line}: `{text}` is no domain", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
}

impl Blocklist {
    /// One domain a line; empty lines and what follows a `#` are passed over.
    pub(super) fn read(path: &Path) -> Result<Self, BlocklistError> {
        let text = bounded_file::read_text(path, FILE_BYTES_MAX)?;
        let mut domains = HashSet::new();
        for (index, line) in text.lines().enumerate() {
            let text = line.split('#').next().unwrap_or_default().trim();
            if text.is_empty() {
                continue;
            }
            let domain = Host::parse(text).ok_or_else(|| BlocklistError::Line {
                path: path.to_owned(),
                line: index + 1,
                text: text.to_owned(),
            })?;
            domains.insert(domain.to_string().into());
        }
        Ok(Self(domains))
    }

    /// Whether an address leads there.
    pub(crate) fn blocks(&self, target: &str) -> bool {
        // Most have no such file.
        if self.0.is_empty() {
            return false;
        }
        let host = Url::parse(target).ok().and_then(|url| Host::of(&url));
        host.is_some_and(|it| self.holds(&it.to_string()))
    }

    /// Whether a host, or a domain above it, is blocked.
    pub(super) fn holds(&self, host: &str) -> bool {
        let mut domain = Some(host);
        while let Some(it) = domain {
            if self.0.contains(it) {
                return true;
            }
            domain = it.split_once('.').map(|(_, above)| above);
        }
        false
    }
}

#[cfg(test)]
impl Blocklist {
    /// Of domains in their standard form.
    pub(crate) fn of(domains: &[&str]) -> Self {
        Self(domains.iter().map(|it| (*it).into()).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tempfile::NamedTempFile;

    use super::{Blocklist, BlocklistError};

    fn file(text: &str) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn a_domain_blocks_what_is_below_it_and_nothing_beside_it() {
        let file = file("# phishing\n\nBad.Example  # since May\r\n bücher.example.\n192.0.2.1\n");
        let blocklist = Blocklist::read(file.path()).unwrap();
        for host in [
            "bad.example",
            "a.b.bad.example",
            "xn--bcher-kva.example",
            "192.0.2.1",
        ] {
            assert!(blocklist.holds(host), "{host}");
        }
        for host in [
            "example",
            "notbad.example",
            "bad.example.com",
            "192.0.2.2",
            "",
        ] {
            assert!(!blocklist.holds(host), "{host}");
        }
    }

    #[test]
    fn a_line_that_is_no_domain_is_named() {
        let file = file("good.example\n0.0.0.0 bad.example\n");
        let error = Blocklist::read(file.path()).unwrap_err();
        assert!(
            matches!(error, BlocklistError::Line { line: 2, .. }),
            "{error}"
        );
        let told = error.to_string();
        assert!(
            told.ends_with("line 2: `0.0.0.0 bad.example` is no domain"),
            "{told}"
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Blocklist::read("/nowhere/blocked.txt".as_ref()).unwrap_err();
        assert_eq!(error.to_string(), "/nowhere/blocked.txt can't be read");
    }
}
