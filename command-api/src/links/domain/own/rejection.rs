//! Why nothing comes of a wish about a workspace's own domain.

use super::CHANGES_MAX;
use super::add::DOMAINS_MAX;

/// Why nothing came of a wish about a workspace's own domain.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OwnDomainRejection {
    #[error("there is no such domain")]
    Unknown,
    #[error("the workspace has the domain already")]
    AlreadyAdded,
    #[error("a workspace can have at most {DOMAINS_MAX} domains; remove one of them")]
    TooMany,
    #[error("the domain is not verified yet")]
    Unverified,
    #[error("the workspace's domains were changed {CHANGES_MAX} times")]
    ChangedTooOften,
}
