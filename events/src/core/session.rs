//! What happened to a session: one login, and the refresh tokens that come from it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DomainEvent, Timestamp, UserId, WorkspaceId};

/// Something that happened to a session, on `core._.session.<session>`.
///
/// A user's other sessions also end by [`UserEvent::PasswordChanged`] and [`UserEvent::Erased`],
/// which say so for all of them at once.
///
/// [`UserEvent::PasswordChanged`]: super::UserEvent::PasswordChanged
/// [`UserEvent::Erased`]: super::UserEvent::Erased
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SessionEvent {
    /// Somebody logged in.
    #[serde(rename = "opened.v1")]
    Opened {
        /// Who.
        user: UserId,
        /// The workspace that the first access token speaks for.
        workspace: WorkspaceId,
        /// The sequence of the user's last event when the password was found right:
        /// a password that was changed after it ends the session, however late it is opened.
        user_version: u64,
        /// SHA-256 of the first refresh token, in lower-case hex.
        token_hash: String,
        /// When the session ends unless it is refreshed.
        expires_at: Timestamp,
        /// The browser's name, as far as it says so itself.
        browser: Option<String>,
        /// The operating system's name, as far as the browser says so.
        os: Option<String>,
    },
    /// The newest refresh token was spent, and has one child.
    #[serde(rename = "refreshed.v1")]
    Refreshed {
        /// Whose session it is.
        user: UserId,
        /// The workspace that the new access token speaks for.
        workspace: WorkspaceId,
        /// SHA-256 of the child, in lower-case hex.
        token_hash: String,
        /// Until when the spent token is answered with the same child again.
        grace_until: Timestamp,
        /// When the session ends unless it is refreshed again.
        expires_at: Timestamp,
    },
    /// The session has ended before its time.
    #[serde(rename = "closed.v1")]
    Closed {
        /// Whose session it was.
        user: UserId,
        /// Why.
        reason: CloseReason,
    },
}

/// Why a session has ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// The person logged out in it.
    LoggedOut,
    /// The person ended it from another one.
    Ended,
    /// A refresh token that was spent came again: somebody else may have it.
    TokenReused,
}

impl CloseReason {
    /// The reason's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::Ended => "ended",
            Self::TokenReused => "token_reused",
        }
    }
}

impl DomainEvent for SessionEvent {
    const AGGREGATE: &'static str = "millrace.core.session";
}
