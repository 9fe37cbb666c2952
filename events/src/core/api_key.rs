//! What happened to an API key: a credential for programs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Scope;
use crate::{DomainEvent, Timestamp, UserId};

/// Something that happened to an API key, on `core.<workspace>.api_key.<key>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ApiKeyEvent {
    /// A key was made and shown, once.
    #[serde(rename = "issued.v1")]
    Issued {
        /// Who made it: it may never do more than its maker.
        user: UserId,
        /// What its maker calls it.
        name: String,
        /// What it may be used for.
        scopes: Vec<Scope>,
        /// SHA-256 of the key's secret, in lower-case hex.
        secret_hash: String,
        /// When it ceases to be good, if ever.
        expires_at: Option<Timestamp>,
    },
    /// It was used; told now and then, not for every request.
    #[serde(rename = "used.v1")]
    Used {
        /// When.
        at: Timestamp,
    },
    /// It is no longer good.
    #[serde(rename = "revoked.v1")]
    Revoked {
        /// Who had made it.
        user: UserId,
    },
}

impl DomainEvent for ApiKeyEvent {
    const AGGREGATE: &'static str = "millrace.core.api_key";
}
