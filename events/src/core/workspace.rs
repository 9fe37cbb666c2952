//! What happened to a workspace.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DomainEvent, UserId};

/// Something that happened to a workspace, on `core.<workspace>.workspace.<workspace>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WorkspaceEvent {
    /// A workspace was opened for somebody who is its first admin.
    #[serde(rename = "opened.v1")]
    Opened {
        /// The first admin.
        owner: UserId,
    },
}

impl DomainEvent for WorkspaceEvent {
    const AGGREGATE: &'static str = "millrace.core.workspace";
}
