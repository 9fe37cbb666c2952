//! Why a command did not come true.

use std::error::Error;

use events::ClaimKind;
use nats::{AppendError, ReadError};

use super::ATTEMPTS_MAX;

/// Why a command did not come true.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandleError<R: Error> {
    /// The domain says no.
    #[error("the command was rejected")]
    Rejected(#[source] R),
    /// A value that must be unique is another's.
    #[error("the {} is taken", .0.as_str())]
    Taken(ClaimKind),
    /// The `Idempotency-Key` was used for another request.
    #[error("the idempotency key was used for another request")]
    Mismatch,
    /// Too many writers at once on one aggregate.
    #[error("the aggregate changed {ATTEMPTS_MAX} times while the command was decided")]
    Contended,
    /// The aggregate, or a companion's, isn't at the version that the wish was made for: it must be made anew.
    #[error("what the wish was made for has changed")]
    Moved,
    /// The log could not be read.
    #[error("the log could not be read")]
    Read(#[from] ReadError),
    /// The log could not be written; nothing is known to be stored.
    #[error("the log could not be written")]
    Append(#[source] AppendError),
    /// What was to be written, or what was read, has no form that fits.
    #[error("an event or a record has no form that fits")]
    Form(#[source] Box<dyn Error + Send + Sync>),
}
