//! Why a worker stops reading and starts again from the stored position.

use nats::{Diverged, ReadError};

use crate::projection::ApplyError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Interruption {
    #[error("the database is away or refuses")]
    Database(#[from] sqlx::Error),
    #[error("the log cannot be read")]
    Log(#[source] ReadError),
    #[error("an event cannot be applied now")]
    Apply(#[from] ApplyError),
    #[error("another worker was faster")]
    Outrun,
    #[error("the log is not the one that was read")]
    Diverged(#[source] Diverged),
}

impl Interruption {
    /// What readiness says of it.
    pub(crate) fn reason(&self) -> String {
        // Nobody but the operator can help here, and only if told what is wrong.
        if let Self::Apply(error @ ApplyError::Keyring(_)) = self {
            return error.to_string();
        }
        self.to_string()
    }
}

impl From<ReadError> for Interruption {
    fn from(error: ReadError) -> Self {
        if let ReadError::Diverged(diverged) = error {
            Self::Diverged(diverged)
        } else {
            Self::Log(error)
        }
    }
}
