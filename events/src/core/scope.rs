//! What an API key may be used for.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an API key may be used for. Reading and writing are apart: neither holds the other.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Scope {
    /// Reading links.
    #[serde(rename = "links:read")]
    LinksRead,
    /// Making and changing links.
    #[serde(rename = "links:write")]
    LinksWrite,
    /// Reading clicks and statistics, live too.
    #[serde(rename = "clicks:read")]
    ClicksRead,
    /// Reporting clicks.
    #[serde(rename = "clicks:write")]
    ClicksWrite,
    /// Reading assets.
    #[serde(rename = "media:read")]
    MediaRead,
    /// Uploading and changing assets.
    #[serde(rename = "media:write")]
    MediaWrite,
}

/// The text names no scope.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a scope: one of links:read, links:write, clicks:read, clicks:write, media:read, media:write"
)]
pub struct ParseScopeError;

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 6] = [
        Self::LinksRead,
        Self::LinksWrite,
        Self::ClicksRead,
        Self::ClicksWrite,
        Self::MediaRead,
        Self::MediaWrite,
    ];

    /// The scope's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LinksRead => "links:read",
            Self::LinksWrite => "links:write",
            Self::ClicksRead => "clicks:read",
            Self::ClicksWrite => "clicks:write",
            Self::MediaRead => "media:read",
            Self::MediaWrite => "media:write",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = ParseScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        found.ok_or(ParseScopeError)
    }
}

#[cfg(test)]
mod tests {
    use super::Scope;

    #[test]
    fn a_scope_has_one_name_everywhere() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
            assert_eq!(
                serde_json::to_value(scope).unwrap(),
                serde_json::json!(scope.as_str())
            );
        }
    }
}
