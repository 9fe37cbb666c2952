//! What somebody is in a workspace.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What somebody is in a workspace; each role may do all that the one before it may.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Makes and changes resources.
    Editor,
    /// Governs the workspace and its members.
    Admin,
}

/// The text names no role.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a role: one of viewer, editor, admin")]
pub struct ParseRoleError;

impl Role {
    /// The role's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = ParseRoleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Viewer, Self::Editor, Self::Admin];
        all.into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(ParseRoleError)
    }
}
