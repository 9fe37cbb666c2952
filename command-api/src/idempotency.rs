//! The record of a request with an `Idempotency-Key`: a claim on the key that carries the first answer.

use std::time::Duration;

use axum::http::StatusCode;
use axum::http::status::InvalidStatusCode;
use events::{Position, Sealed};
use serde::{Deserialize, Serialize};
use service::keys::Keyring;

use crate::accepted::{Accepted, Answer};

/// How long a key is remembered (docs/api.md, "Requests").
pub(crate) const KEPT: Duration = Duration::from_hours(24);

/// What the answer is sealed as. It must hold nothing of a person, whom it would outlive: see [`Accepted::telling`].
const ANSWER_SEAL: &str = "idempotency.answer";

/// What is kept of a request and its answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Stands for the request.
    pub(crate) fingerprint: String,
    status: u16,
    body: Sealed,
    /// How many messages follow in the same batch, the aggregate's last event being the last.
    following: u64,
    /// The aggregate's version before; still its version when nothing follows.
    version: u64,
}

/// A record, or what should be one, makes no sense.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    #[error("the record is no record")]
    Shape(#[from] serde_json::Error),
    #[error("the record's answer could not be sealed")]
    Seal(#[from] service::sealed::SealError),
    #[error("the record's answer could not be opened")]
    Open(#[from] service::sealed::OpenError),
    #[error("the record's status is none")]
    Status(#[from] InvalidStatusCode),
}

impl Record {
    pub(crate) fn new(
        keyring: &Keyring,
        fingerprint: &str,
        answer: &Answer,
        following: u64,
        version: u64,
    ) -> Result<Self, RecordError> {
        Ok(Self {
            fingerprint: fingerprint.to_owned(),
            status: answer.status.as_u16(),
            body: keyring.seal(ANSWER_SEAL, &answer.body)?,
            following,
            version,
        })
    }

    pub(crate) fn read(body: &[u8]) -> Result<Self, RecordError> {
        Ok(serde_json::from_slice(body)?)
    }

    /// The first answer again; `stored` is where the record stands.
    pub(crate) fn accepted(
        &self,
        keyring: &Keyring,
        stored: Position,
    ) -> Result<Accepted, RecordError> {
        let body = keyring.open(ANSWER_SEAL, &self.body)?;
        let position = Position {
            sequence: stored.sequence + self.following,
            ..stored
        };
        let version = if self.following == 0 {
            self.version
        } else {
            position.sequence
        };
        let answer = Answer {
            status: StatusCode::from_u16(self.status)?,
            body,
        };
        Ok(Accepted {
            answer,
            version,
            position,
            is_replayed: true,
        })
    }
}
