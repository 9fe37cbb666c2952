//! What one user is in one workspace, told from the workspace's history.

use events::UserId;
use events::core::{Role, WorkspaceEvent};

/// What one user is in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// Nothing.
    Stranger,
    /// Somebody who may do what the role allows.
    Active(Role),
    /// Somebody who may do nothing until reinstated.
    Suspended(Role),
}

impl Membership {
    /// What `user` is after all that happened.
    pub fn of<'e>(user: UserId, history: impl IntoIterator<Item = &'e WorkspaceEvent>) -> Self {
        let about = history.into_iter().filter(|event| user_of(event) == user);
        about.fold(Self::Stranger, Self::after)
    }

    /// What a member is after something that happened to this member.
    #[must_use]
    pub const fn after(self, event: &WorkspaceEvent) -> Self {
        match event {
            WorkspaceEvent::Opened { .. } | WorkspaceEvent::Founded { .. } => {
                Self::Active(Role::Admin)
            }
            WorkspaceEvent::MemberAdded { role, .. } => Self::Active(*role),
            WorkspaceEvent::RoleChanged { role, .. } => match self {
                Self::Suspended(_) => Self::Suspended(*role),
                Self::Active(_) | Self::Stranger => Self::Active(*role),
            },
            WorkspaceEvent::MemberSuspended { .. } => match self {
                Self::Active(role) | Self::Suspended(role) => Self::Suspended(role),
                Self::Stranger => Self::Stranger,
            },
            WorkspaceEvent::MemberReinstated { .. } => match self {
                Self::Active(role) | Self::Suspended(role) => Self::Active(role),
                Self::Stranger => Self::Stranger,
            },
            WorkspaceEvent::MemberRemoved { .. } => Self::Stranger,
        }
    }

    /// The role, of a member who may use it.
    pub const fn role(self) -> Option<Role> {
        match self {
            Self::Active(role) => Some(role),
            Self::Suspended(_) | Self::Stranger => None,
        }
    }
}

/// Whom the event is about.
pub(super) const fn user_of(event: &WorkspaceEvent) -> UserId {
    match event {
        WorkspaceEvent::Opened { owner: user }
        | WorkspaceEvent::Founded { founder: user, .. }
        | WorkspaceEvent::MemberAdded { user, .. }
        | WorkspaceEvent::RoleChanged { user, .. }
        | WorkspaceEvent::MemberSuspended { user }
        | WorkspaceEvent::MemberReinstated { user }
        | WorkspaceEvent::MemberRemoved { user } => *user,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_member_is_what_the_history_made_of_this_member() {
        let [ada, bob] = [1, 2].map(|id| UserId::new(Uuid::from_u128(id)));
        let role = Role::Editor;
        let mut history = vec![
            WorkspaceEvent::Opened { owner: ada },
            WorkspaceEvent::MemberAdded { user: bob, role },
        ];
        assert_eq!(Membership::of(bob, &history), Membership::Active(role));
        history.push(WorkspaceEvent::MemberSuspended { user: bob });
        history.push(WorkspaceEvent::RoleChanged {
            user: bob,
            role: Role::Viewer,
        });
        let suspended = Membership::of(bob, &history);
        assert_eq!(suspended, Membership::Suspended(Role::Viewer));
        assert_eq!(suspended.role(), None);
        history.push(WorkspaceEvent::MemberReinstated { user: bob });
        assert_eq!(Membership::of(bob, &history).role(), Some(Role::Viewer));
        history.push(WorkspaceEvent::MemberRemoved { user: bob });
        assert_eq!(Membership::of(bob, &history), Membership::Stranger);
        assert_eq!(Membership::of(ada, &history).role(), Some(Role::Admin));
    }
}
