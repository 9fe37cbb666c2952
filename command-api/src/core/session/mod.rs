//! A session: one login, and the line of refresh tokens that come from it.

mod close;
mod open;
#[cfg(test)]
mod properties;
mod refresh;

use events::core::SessionEvent;
use events::{Timestamp, UserId, WorkspaceId};

use crate::decider::Aggregate;

pub(crate) use close::Close;
pub(crate) use open::Open;
pub(crate) use refresh::Refresh;

/// A session's stages of life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Session {
    /// Never heard of.
    #[default]
    Unknown,
    /// Goes on until it expires.
    Open {
        user: UserId,
        workspace: WorkspaceId,
        /// The sequence of the user's last event when it was opened.
        user_version: u64,
        /// The tokens that were spent, oldest first.
        spent: Vec<Spent>,
        /// SHA-256 of the newest token.
        newest: String,
        expires_at: Timestamp,
    },
    /// Has ended.
    Closed { user: UserId },
}

/// A refresh token that has a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spent {
    token_hash: String,
    /// Until when it is answered with the same child again.
    grace_until: Timestamp,
}

/// Why nothing came of a wish about a session.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SessionRejection {
    #[error("the session is open already")]
    AlreadyOpen,
    #[error("there is no such session")]
    Unknown,
    #[error("the session has ended")]
    Closed,
    #[error("the session has expired")]
    Expired,
    #[error("the token is none of the session's")]
    Stranger,
    #[error("the session was refreshed too often")]
    Exhausted,
}

impl Session {
    /// Whose session it is, or was.
    pub(crate) const fn user(&self) -> Option<UserId> {
        match self {
            Self::Unknown => None,
            Self::Open { user, .. } | Self::Closed { user } => Some(*user),
        }
    }
}

impl Aggregate for Session {
    type Event = SessionEvent;

    fn evolve(self, event: &SessionEvent) -> Self {
        match (self, event) {
            (
                _,
                SessionEvent::Opened {
                    user,
                    workspace,
                    user_version,
                    token_hash,
                    expires_at,
                    browser: _,
                    os: _,
                },
            ) => Self::Open {
                user: *user,
                workspace: *workspace,
                user_version: *user_version,
                spent: Vec::new(),
                newest: token_hash.clone(),
                expires_at: *expires_at,
            },
            (
                Self::Open {
                    user,
                    user_version,
                    mut spent,
                    newest,
                    ..
                },
                SessionEvent::Refreshed {
                    user: _,
                    workspace,
                    token_hash,
                    grace_until,
                    expires_at,
                },
            ) => {
                spent.push(Spent {
                    token_hash: newest,
                    grace_until: *grace_until,
                });
                Self::Open {
                    user,
                    workspace: *workspace,
                    user_version,
                    spent,
                    newest: token_hash.clone(),
                    expires_at: *expires_at,
                }
            }
            (state @ (Self::Unknown | Self::Closed { .. }), SessionEvent::Refreshed { .. }) => {
                state
            }
            (_, SessionEvent::Closed { user, reason: _ }) => Self::Closed { user: *user },
        }
    }
}

/// What the specifications of a session begin with.
#[cfg(test)]
pub(crate) mod samples {
    use events::core::{CloseReason, SessionEvent};
    use events::{Timestamp, UserId, WorkspaceId};
    use uuid::Uuid;

    pub(crate) fn user() -> UserId {
        UserId::new(Uuid::from_u128(2))
    }

    pub(crate) fn workspace() -> WorkspaceId {
        WorkspaceId::new(Uuid::from_u128(1))
    }

    /// So many seconds after the beginning of all specifications.
    pub(crate) fn at(seconds: i64) -> Timestamp {
        let begin: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        Timestamp::new(begin.odt() + time::Duration::seconds(seconds))
    }

    /// Expires after 1,000 s.
    pub(crate) fn opened(token: &str) -> SessionEvent {
        SessionEvent::Opened {
            user: user(),
            workspace: workspace(),
            user_version: 7,
            token_hash: token.to_owned(),
            expires_at: at(1_000),
            browser: None,
            os: None,
        }
    }

    pub(crate) fn refreshed(child: &str, grace_until: i64) -> SessionEvent {
        SessionEvent::Refreshed {
            user: user(),
            workspace: workspace(),
            token_hash: child.to_owned(),
            grace_until: at(grace_until),
            expires_at: at(1_000),
        }
    }

    pub(crate) fn closed(reason: CloseReason) -> SessionEvent {
        SessionEvent::Closed {
            user: user(),
            reason,
        }
    }
}
