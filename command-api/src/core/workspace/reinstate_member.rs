//! Reinstating a member who was suspended.

use events::UserId;
use events::core::WorkspaceEvent;

use super::{Workspace, WorkspaceRejection};
use crate::decider::Decide;

/// An admin lets a suspended member act again.
pub(crate) struct ReinstateMember {
    pub(crate) user: UserId,
}

impl Decide<Workspace> for ReinstateMember {
    type Rejection = WorkspaceRejection;

    fn decide(&self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, WorkspaceRejection> {
        let (member, _) = state.find(self.user)?;
        if !member.is_suspended {
            return Ok(Vec::new());
        }
        state.may_change()?;
        Ok(vec![WorkspaceEvent::MemberReinstated { user: self.user }])
    }
}

#[cfg(test)]
mod tests {
    use super::{ReinstateMember, Workspace, WorkspaceRejection};
    use crate::core::workspace::samples::{added, bob, opened, suspended};
    use crate::spec::given;
    use events::core::{Role, WorkspaceEvent};

    #[test]
    fn a_suspended_member_is_reinstated_once() {
        let reinstate = ReinstateMember { user: bob() };
        let active = [opened(), added(bob(), Role::Editor)];
        given::<Workspace>(&active).when(&reinstate).then([]);
        given::<Workspace>(&[&active[..], &[suspended(bob())]].concat())
            .when(&reinstate)
            .then([WorkspaceEvent::MemberReinstated { user: bob() }]);
    }

    #[test]
    fn a_stranger_is_not_reinstated() {
        given::<Workspace>(&[opened()])
            .when(&ReinstateMember { user: bob() })
            .then_rejected(|it| *it == WorkspaceRejection::Stranger);
    }
}
