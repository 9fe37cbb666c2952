//! Suspending a member: the role stays, and may not be used.

use events::UserId;
use events::core::WorkspaceEvent;

use super::{Workspace, WorkspaceRejection};
use crate::decider::Decide;

/// An admin suspends a member.
pub(crate) struct SuspendMember {
    pub(crate) user: UserId,
}

impl Decide<Workspace> for SuspendMember {
    type Rejection = WorkspaceRejection;

    fn decide(&self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, WorkspaceRejection> {
        let (member, _) = state.find(self.user)?;
        if member.is_suspended {
            return Ok(Vec::new());
        }
        state.may_change()?;
        state.must_stay_governed_without(self.user)?;
        Ok(vec![WorkspaceEvent::MemberSuspended { user: self.user }])
    }
}

#[cfg(test)]
mod tests {
    use super::{SuspendMember, Workspace, WorkspaceRejection};
    use crate::core::workspace::samples::{ada, added, bob, founded, opened, suspended};
    use crate::spec::given;
    use events::core::Role;

    #[test]
    fn a_member_is_suspended_once() {
        let suspend = SuspendMember { user: bob() };
        let history = [opened(), added(bob(), Role::Admin)];
        given::<Workspace>(&history)
            .when(&suspend)
            .then([suspended(bob())]);
        given::<Workspace>(&[&history[..], &[suspended(bob())]].concat())
            .when(&suspend)
            .then([]);
    }

    #[test]
    fn neither_the_last_admin_nor_the_owner_is_suspended() {
        let suspend = SuspendMember { user: ada() };
        given::<Workspace>(&[founded(), added(bob(), Role::Editor)])
            .when(&suspend)
            .then_rejected(|it| *it == WorkspaceRejection::LastAdmin);
        given::<Workspace>(&[opened(), added(bob(), Role::Admin)])
            .when(&suspend)
            .then_rejected(|it| *it == WorkspaceRejection::Owner);
    }

    #[test]
    fn a_stranger_is_not_suspended() {
        given::<Workspace>(&[opened()])
            .when(&SuspendMember { user: bob() })
            .then_rejected(|it| *it == WorkspaceRejection::Stranger);
    }
}
