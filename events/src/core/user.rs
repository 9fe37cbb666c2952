//! What happened to a user.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DomainEvent, Sealed, SessionId, WorkspaceId};

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
    /// The person wants to be called otherwise.
    #[serde(rename = "renamed.v1")]
    Renamed {
        /// The new name.
        name: Sealed,
    },
    /// The person has another e-mail address; the claim on the old one was released in the same step.
    #[serde(rename = "email_changed.v1")]
    EmailChanged {
        /// The new address, normalised.
        email: Sealed,
    },
    /// The person chose another password, which ended the sessions opened before, but for one.
    #[serde(rename = "password_changed.v1")]
    PasswordChanged {
        /// The new password's argon2id hash, as a PHC string.
        password_hash: Sealed,
        /// The session that goes on: the one in which it was changed.
        kept: SessionId,
    },
    /// The user became a member of a workspace that somebody else opened.
    #[serde(rename = "joined.v1")]
    Joined {
        /// The workspace.
        workspace: WorkspaceId,
    },
    /// The user is no longer a member of a workspace.
    #[serde(rename = "left.v1")]
    Left {
        /// The workspace.
        workspace: WorkspaceId,
    },
    /// The person is forgotten: the key is destroyed, and every session has ended.
    #[serde(rename = "erased.v1")]
    Erased {
        /// The user's own workspace, which nobody governs any more.
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
