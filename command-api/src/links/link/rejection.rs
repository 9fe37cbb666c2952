//! Why nothing comes of a wish about a link.

use super::edit::FORMER_SLUGS_MAX;

/// Why nothing came of a wish about a link.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LinkRejection {
    #[error("the link is there already")]
    AlreadyShortened,
    #[error("there is no such link")]
    Unknown,
    #[error("at most {FORMER_SLUGS_MAX} former slugs can lead to a link; give some of them up")]
    TooManySlugs,
}
