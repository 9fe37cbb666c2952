//! What happened to an asset.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::DomainEvent;

/// Something that happened to a media asset, on `media.<workspace>.asset.<asset>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AssetEvent {
    /// Somebody asked for a place to upload to; nothing is stored yet.
    #[serde(rename = "announced.v1")]
    Announced {
        /// What its owner calls it.
        filename: String,
        /// The media type (RFC 6838) that the upload must have.
        content_type: String,
        /// The size in bytes that the upload must have.
        size_bytes: u64,
        /// The SHA-256 that the upload must have: 64 lower-case hexadecimal digits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha256: Option<String>,
        /// Who may fetch it.
        visibility: Visibility,
        /// Where it will lie in the bucket.
        object_key: String,
    },
    /// The upload arrived and is what was announced.
    #[serde(rename = "stored.v1")]
    Stored {
        /// The storage's own name for this content.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        object_etag: Option<String>,
    },
}

/// Who may fetch an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Anybody who knows its address.
    Public,
    /// Members of its workspace.
    Private,
}

impl Visibility {
    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}

impl DomainEvent for AssetEvent {
    const AGGREGATE: &'static str = "millrace.media.asset";
}
