//! What happened to the domains that a workspace brought.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DomainEvent, DomainId};

/// Something that happened to a workspace's own domains, on `links.<workspace>.domains.<workspace>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OwnDomainEvent {
    /// Somebody says that a domain is theirs; nothing is opened on it yet.
    #[serde(rename = "added.v1")]
    Added {
        /// Which of the workspace's domains it is.
        domain_id: DomainId,
        /// Its name in the DNS: lower case, in ASCII.
        domain: String,
        /// Whether slugs that differ in case alone are two.
        is_case_sensitive: bool,
        /// The name at which the DNS must have the record.
        record_name: String,
        /// The TXT record that proves it.
        record_value: String,
    },
    /// The DNS had the record: links on the domain lead where they say.
    #[serde(rename = "verified.v1")]
    Verified {
        /// Which of the workspace's domains it is.
        domain_id: DomainId,
        /// Its name.
        domain: String,
    },
    /// Links that name no domain are made on it from now on.
    #[serde(rename = "made_default.v1")]
    MadeDefault {
        /// Which of the workspace's domains it is.
        domain_id: DomainId,
        /// Its name.
        domain: String,
    },
    /// It is the default no more: links that name no domain are made on the installation's.
    #[serde(rename = "default_cleared.v1")]
    DefaultCleared {
        /// Which of the workspace's domains it is.
        domain_id: DomainId,
        /// Its name.
        domain: String,
    },
    /// The workspace has it no more, nor as its default: no link on it leads anywhere, and others may bring it.
    #[serde(rename = "removed.v1")]
    Removed {
        /// Which of the workspace's domains it was.
        domain_id: DomainId,
        /// Its name.
        domain: String,
    },
}

impl DomainEvent for OwnDomainEvent {
    const AGGREGATE: &'static str = "millrace.links.domain";
}
