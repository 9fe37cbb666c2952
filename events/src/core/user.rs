//! What happened to a user.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DomainEvent, Sealed, WorkspaceId};

/// Something that happened to a user, on `core._.user.<user>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum UserEvent {
    /// Somebody made an account.
    #[serde(rename = "registered.v1")]
    Registered {
        /// The e-mail address, normalised.
        email: Sealed,
        /// What the person wants to be called.
        name: Sealed,
        /// The password's argon2id hash, as a PHC string.
        password_hash: Sealed,
        /// The workspace that was opened for the person, who is its admin.
        workspace: WorkspaceId,
    },
}

impl UserEvent {
    /// What an e-mail address is sealed as: the associated data of its encryption.
    pub const EMAIL_SEAL: &'static str = "core.user.email";
    /// What a name is sealed as.
    pub const NAME_SEAL: &'static str = "core.user.name";
    /// What a password's hash is sealed as.
    pub const PASSWORD_HASH_SEAL: &'static str = "core.user.password_hash";
}

impl DomainEvent for UserEvent {
    const AGGREGATE: &'static str = "millrace.core.user";
}
