//! Taking somebody in.

use events::UserId;
use events::core::{Role, WorkspaceEvent};

use super::{Workspace, WorkspaceRejection};
use crate::decider::Decide;

/// Members of a workspace: its history must stay short enough to be read for every login.
pub(crate) const MEMBERS_MAX: usize = 1_000;

/// An admin takes somebody in.
pub(crate) struct AddMember {
    pub(crate) user: UserId,
    pub(crate) role: Role,
}

impl Decide<Workspace> for AddMember {
    type Rejection = WorkspaceRejection;

    fn decide(&self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, WorkspaceRejection> {
        match state {
            Workspace::Unknown => Err(WorkspaceRejection::Unknown),
            Workspace::Open { members, .. } if members.contains_key(&self.user) => {
                Err(WorkspaceRejection::AlreadyMember)
            }
            Workspace::Open { members, .. } if members.len() >= MEMBERS_MAX => {
                Err(WorkspaceRejection::Full)
            }
            Workspace::Open { .. } => {
                state.may_change()?;
                Ok(vec![WorkspaceEvent::MemberAdded {
                    user: self.user,
                    role: self.role,
                }])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AddMember, MEMBERS_MAX, Workspace, WorkspaceRejection};
    use crate::core::workspace::samples::{added, bob, opened};
    use crate::spec::given;
    use events::UserId;
    use events::core::{Role, WorkspaceEvent};
    use uuid::Uuid;

    fn add() -> AddMember {
        AddMember {
            user: bob(),
            role: Role::Editor,
        }
    }

    #[test]
    fn a_stranger_becomes_a_member_once() {
        let bobs = added(bob(), Role::Editor);
        given::<Workspace>(&[opened()])
            .when(&add())
            .then([bobs.clone()]);
        given::<Workspace>(&[opened(), bobs])
            .when(&add())
            .then_rejected(|it| *it == WorkspaceRejection::AlreadyMember);
    }

    #[test]
    fn who_was_removed_may_come_back() {
        let removed = WorkspaceEvent::MemberRemoved { user: bob() };
        given::<Workspace>(&[opened(), added(bob(), Role::Admin), removed])
            .when(&add())
            .then([added(bob(), Role::Editor)]);
    }

    #[test]
    fn a_workspace_can_be_full() {
        let others = (1..MEMBERS_MAX).map(|it| {
            let user = UserId::new(Uuid::from_u128(1_000 + u128::try_from(it).unwrap()));
            added(user, Role::Viewer)
        });
        let history: Vec<_> = [opened()].into_iter().chain(others).collect();
        given::<Workspace>(&history)
            .when(&add())
            .then_rejected(|it| *it == WorkspaceRejection::Full);
    }

    #[test]
    fn nobody_joins_what_is_not_there() {
        given::<Workspace>(&[])
            .when(&add())
            .then_rejected(|it| *it == WorkspaceRejection::Unknown);
    }
}
