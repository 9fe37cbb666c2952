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
                };
            }
            (_, UserEvent::Erased { .. }) => return Self::Erased,
            (Self::Registered { name, .. }, UserEvent::Renamed { name: new }) => {
                name.clone_from(new);
            }
            (Self::Registered { email, .. }, UserEvent::EmailChanged { email: new }) => {
                email.clone_from(new);
            }
            (
                Self::Registered { password_hash, .. },
                UserEvent::PasswordChanged {
                    password_hash: new, ..
                },
            ) => password_hash.clone_from(new),
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

    pub(crate) fn erased() -> UserEvent {
        UserEvent::Erased {
            workspace: workspace(),
        }
    }
}
