//! Removing a member, or leaving.

use events::UserId;
use events::core::WorkspaceEvent;

use super::{Workspace, WorkspaceRejection};
use crate::decider::Decide;

/// A member leaves, or an admin removes one.
pub(crate) struct RemoveMember {
    pub(crate) user: UserId,
}

impl Decide<Workspace> for RemoveMember {
    type Rejection = WorkspaceRejection;

    fn decide(&self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, WorkspaceRejection> {
        state.must_stay_governed_without(self.user)?;
        Ok(vec![WorkspaceEvent::MemberRemoved { user: self.user }])
    }
}

#[cfg(test)]
mod tests {
    use super::{RemoveMember, Workspace, WorkspaceRejection};
    use crate::core::workspace::samples::{ada, added, bob, founded, opened};
    use crate::spec::given;
    use events::core::{Role, WorkspaceEvent};

    #[test]
    fn a_member_leaves() {
        let left = |user| WorkspaceEvent::MemberRemoved { user };
        given::<Workspace>(&[opened(), added(bob(), Role::Editor)])
            .when(&RemoveMember { user: bob() })
            .then([left(bob())]);
        given::<Workspace>(&[founded(), added(bob(), Role::Admin)])
            .when(&RemoveMember { user: ada() })
            .then([left(ada())]);
    }

    #[test]
    fn neither_the_last_admin_nor_the_owner_leaves() {
        let leave = RemoveMember { user: ada() };
        given::<Workspace>(&[founded(), added(bob(), Role::Editor)])
            .when(&leave)
            .then_rejected(|it| *it == WorkspaceRejection::LastAdmin);
        given::<Workspace>(&[opened(), added(bob(), Role::Admin)])
            .when(&leave)
            .then_rejected(|it| *it == WorkspaceRejection::Owner);
    }

    #[test]
    fn a_stranger_cannot_leave() {
        given::<Workspace>(&[opened()])
            .when(&RemoveMember { user: bob() })
            .then_rejected(|it| *it == WorkspaceRejection::Stranger);
    }
}
