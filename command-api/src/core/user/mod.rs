//! A user: somebody with an address, a password, and a workspace.

mod register;

use events::core::UserEvent;
use events::{Sealed, WorkspaceId};

use crate::decider::Aggregate;

pub(crate) use register::{Register, UserRejection};

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
        workspace: WorkspaceId,
    },
}

impl Aggregate for User {
    type Event = UserEvent;

    fn evolve(self, event: &UserEvent) -> Self {
        match event {
            UserEvent::Registered {
                email,
                name,
                password_hash,
                workspace,
            } => Self::Registered {
                email: email.clone(),
                name: name.clone(),
                password_hash: password_hash.clone(),
                workspace: *workspace,
            },
        }
    }
}
