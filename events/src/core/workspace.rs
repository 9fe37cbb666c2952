//! What happened to a workspace.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Role;
use crate::{DomainEvent, UserId};

/// Something that happened to a workspace, on `core.<workspace>.workspace.<workspace>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WorkspaceEvent {
    /// A workspace was opened for somebody who registered: its owner, who is always an admin of it.
    #[serde(rename = "opened.v1")]
    Opened {
        /// The owner.
        owner: UserId,
    },
    /// Somebody who had a workspace already founded another, and is its first admin.
    #[serde(rename = "founded.v1")]
    Founded {
        /// The first admin.
        founder: UserId,
        /// What it is called.
        name: String,
    },
    /// Somebody became a member.
    #[serde(rename = "member_added.v1")]
    MemberAdded {
        /// Who.
        user: UserId,
        /// What the member may do.
        role: Role,
    },
    /// A member's role became another.
    #[serde(rename = "role_changed.v1")]
    RoleChanged {
        /// Who.
        user: UserId,
        /// What the member may do from now on.
        role: Role,
    },
    /// A member may do nothing here until reinstated.
    #[serde(rename = "member_suspended.v1")]
    MemberSuspended {
        /// Who.
        user: UserId,
    },
    /// A suspended member may do again what the role allows.
    #[serde(rename = "member_reinstated.v1")]
    MemberReinstated {
        /// Who.
        user: UserId,
    },
    /// Somebody is no longer a member: left, was removed, or was erased.
    #[serde(rename = "member_removed.v1")]
    MemberRemoved {
        /// Who.
        user: UserId,
    },
}

impl DomainEvent for WorkspaceEvent {
    const AGGREGATE: &'static str = "millrace.core.workspace";
}
