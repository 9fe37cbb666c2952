//! A user: somebody with an address, a password, and a workspace.

mod amend;
mod change_password;
mod erase;
mod register;

use std::collections::BTreeSet;

use events::core::UserEvent;
use events::{Sealed, WorkspaceId};

use crate::decider::Aggregate;

pub(crate) use amend::Amend;
pub(crate) use change_password::ChangePassword;
pub(crate) use erase::Erase;
pub(crate) use register::Register;

/// How often a user's own name, address and password are changed: all of it is read for each login.
///
/// Joining and leaving workspaces, which others may bring about, is bounded apart (`found_workspace`), so that nobody
/// can keep a user from choosing another password.
const CHANGES_MAX: usize = 10_000;

/// A user's stages of life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum User {
    /// Never heard of.
    #[default]
    Unknown,
    /// Has an account.
    Registered {
        email: Sealed,
        name: Sealed,
        password_hash: Sealed,
        /// The workspace that was opened for the user.
        workspace: WorkspaceId,
        /// The workspaces that others opened, and that the user is a member of.
        joined: BTreeSet<WorkspaceId>,
        /// How often the name, the address and the password were changed.
        changes: usize,
    },
    /// Is forgotten.
    Erased,
}

/// Why nothing came of a wish about a user.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UserRejection {
    #[error("the user is registered already")]
    AlreadyRegistered,
    #[error("there is no such user")]
    Unknown,
    #[error("the name, the address and the password were changed {CHANGES_MAX} times")]
    ChangedTooOften,
}

impl User {
    /// Refuses one more change of an account whose history would become too long to be read.
    const fn may_change(&self) -> Result<(), UserRejection> {
        match self {
            Self::Unknown | Self::Erased => Err(UserRejection::Unknown),
            Self::Registered { changes, .. } if *changes >= CHANGES_MAX => {
                Err(UserRejection::ChangedTooOften)
            }
            Self::Registered { .. } => Ok(()),
        }
    }
}

impl Aggregate for User {
    type Event = UserEvent;

    fn evolve(mut self, event: &UserEvent) -> Self {
        match (&mut self, event) {
            (
                _,
                UserEvent::Registered {
                    email,
                    name,
                    password_hash,
                    workspace,
                },
            ) => {
                return Self::Registered {
                    email: email.clone(),
                    name: name.clone(),
                    password_hash: password_hash.clone(),
                    workspace: *workspace,
                    joined: BTreeSet::new(),
                    changes: 0,
                };
            }
            (_, UserEvent::Erased { .. }) => return Self::Erased,
            (Self::Registered { name, changes, .. }, UserEvent::Renamed { name: new }) => {
                name.clone_from(new);
                *changes += 1;
            }
            (Self::Registered { email, changes, .. }, UserEvent::EmailChanged { email: new }) => {
                email.clone_from(new);
                *changes += 1;
            }
            (
                Self::Registered {
                    password_hash,
                    changes,
                    ..
                },
                UserEvent::PasswordChanged {
                    password_hash: new, ..
                },
            ) => {
                password_hash.clone_from(new);
                *changes += 1;
            }
            (Self::Registered { joined, .. }, UserEvent::Joined { workspace }) => {
                joined.insert(*workspace);
            }
            (Self::Registered { joined, .. }, UserEvent::Left { workspace }) => {
                joined.remove(workspace);
            }
            // Who is erased may still be told to have joined or left, in the same moment.
            (
                Self::Unknown | Self::Erased,
                UserEvent::Renamed { .. }
                | UserEvent::EmailChanged { .. }
                | UserEvent::PasswordChanged { .. }
                | UserEvent::Joined { .. }
                | UserEvent::Left { .. },
            ) => {}
        }
        self
    }
}

/// What the specifications of a user begin with.
#[cfg(test)]
pub(crate) mod samples {
    use events::core::UserEvent;
    use events::{Sealed, WorkspaceId};
    use uuid::Uuid;

    pub(crate) fn sealed(text: &str) -> Sealed {
        Sealed::new(text.to_owned())
    }

    pub(crate) fn workspace() -> WorkspaceId {
        WorkspaceId::new(Uuid::from_u128(1))
    }

    pub(crate) fn registered() -> UserEvent {
        UserEvent::Registered {
            email: sealed("e"),
            name: sealed("n"),
            password_hash: sealed("p"),
            workspace: workspace(),
        }
    }

    /// A user with another address so many times.
    pub(crate) fn changed(times: usize) -> Vec<UserEvent> {
        let changed = UserEvent::EmailChanged { email: sealed("f") };
        let changes = std::iter::repeat_n(changed, times);
        std::iter::once(registered()).chain(changes).collect()
    }

    /// A user whom others took in and let go so many times.
    pub(crate) fn joined_and_left(times: usize) -> Vec<UserEvent> {
        let workspace = WorkspaceId::new(Uuid::from_u128(2));
        let changes = (0..times).flat_map(|_| {
            [
                UserEvent::Joined { workspace },
                UserEvent::Left { workspace },
            ]
        });
        std::iter::once(registered()).chain(changes).collect()
    }

    pub(crate) fn erased() -> UserEvent {
        UserEvent::Erased {
            workspace: workspace(),
        }
    }
}
