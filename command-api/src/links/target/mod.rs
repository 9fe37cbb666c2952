//! Where a link leads, and where it may not.

mod blocklist;
mod host;
mod private;
mod rules;
#[cfg(test)]
mod tests;

pub(crate) use blocklist::Blocklist;
pub use blocklist::BlocklistError;
pub(in crate::links) use host::Host;
pub(crate) use rules::TargetRules;

/// The longest target, in bytes; what browsers and proxies take without trouble.
const BYTES_MAX: usize = 2_048;

/// An absolute address that the rules allow, in the form that the URL standard gives it.
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
    #[error("must be an http or https address, or of another scheme that is allowed here")]
    Scheme,
    #[error("must not contain a user name or a password")]
    Credentials,
    #[error("must be reachable from the internet, and not lead into a private network")]
    Private,
    #[error("must not lead to a domain of short links: it could lead around in a circle")]
    Loop,
    #[error("leads to a domain that is blocked here")]
    Blocked,
}

impl Target {
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}
