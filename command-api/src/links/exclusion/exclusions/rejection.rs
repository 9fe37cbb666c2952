//! Why nothing comes of a wish about an exclusion.

use super::{CHANGES_MAX, EXCLUSIONS_MAX};

/// Why nothing came of a wish about an exclusion.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExclusionRejection {
    #[error("there is no such exclusion")]
    Unknown,
    #[error("a workspace can have at most {EXCLUSIONS_MAX} exclusions; remove one of them")]
    TooMany,
    #[error("the workspace's exclusions were changed {CHANGES_MAX} times")]
    ChangedTooOften,
}
