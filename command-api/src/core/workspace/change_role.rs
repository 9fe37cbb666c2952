//! Giving a member another role.

use events::UserId;
use events::core::{Role, WorkspaceEvent};

use super::{Workspace, WorkspaceRejection};
use crate::decider::Decide;

/// An admin gives a member another role.
pub(crate) struct ChangeRole {
    pub(crate) user: UserId,
    pub(crate) role: Role,
}

impl Decide<Workspace> for ChangeRole {
    type Rejection = WorkspaceRejection;

    fn decide(&self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, WorkspaceRejection> {
        let (member, _) = state.find(self.user)?;
        if member.role == self.role {
            return Ok(Vec::new());
        }
        state.may_change()?;
        if member.role == Role::Admin {
            state.must_stay_governed_without(self.user)?;
        }
        Ok(vec![WorkspaceEvent::RoleChanged {
            user: self.user,
            role: self.role,
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::{ChangeRole, Workspace, WorkspaceRejection};
    use crate::core::workspace::samples::{ada, added, bob, founded, opened, suspended};
    use crate::spec::given;
    use events::UserId;
    use events::core::{Role, WorkspaceEvent};

    fn change(user: UserId, role: Role) -> ChangeRole {
        ChangeRole { user, role }
    }

    #[test]
    fn a_member_gets_another_role() {
        let history = [opened(), added(bob(), Role::Viewer)];
        let role = Role::Admin;
        given::<Workspace>(&history)
            .when(&change(bob(), role))
            .then([WorkspaceEvent::RoleChanged { user: bob(), role }]);
        given::<Workspace>(&history)
            .when(&change(bob(), Role::Viewer))
            .then([]);
    }

    #[test]
    fn the_last_admin_who_may_act_stays_one() {
        let others = [
            vec![added(bob(), Role::Editor)],
            vec![added(bob(), Role::Admin), suspended(bob())],
        ];
        for other in others {
            let history = [vec![founded()], other].concat();
            given::<Workspace>(&history)
                .when(&change(ada(), Role::Viewer))
                .then_rejected(|it| *it == WorkspaceRejection::LastAdmin);
        }
    }

    #[test]
    fn one_admin_of_two_may_become_less() {
        let role = Role::Viewer;
        given::<Workspace>(&[founded(), added(bob(), Role::Admin)])
            .when(&change(ada(), role))
            .then([WorkspaceEvent::RoleChanged { user: ada(), role }]);
    }

    #[test]
    fn an_owner_stays_admin_of_its_own_workspace() {
        given::<Workspace>(&[opened(), added(bob(), Role::Admin)])
            .when(&change(ada(), Role::Viewer))
            .then_rejected(|it| *it == WorkspaceRejection::Owner);
    }

    #[test]
    fn a_stranger_has_no_role() {
        given::<Workspace>(&[opened()])
            .when(&change(bob(), Role::Viewer))
            .then_rejected(|it| *it == WorkspaceRejection::Stranger);
    }
}
