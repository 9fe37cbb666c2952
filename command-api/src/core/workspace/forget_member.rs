//! Forgetting a member: an erased person is a member nowhere, its own workspace included.

use events::UserId;
use events::core::WorkspaceEvent;

use super::{Workspace, WorkspaceRejection, is_governed_without};
use crate::decider::Decide;

/// A member is erased.
pub(crate) struct ForgetMember {
    pub(crate) user: UserId,
}

impl Decide<Workspace> for ForgetMember {
    type Rejection = WorkspaceRejection;

    /// Whoever is alone may go; others must not be left without an admin.
    fn decide(&self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, WorkspaceRejection> {
        let Ok((_, members)) = state.find(self.user) else {
            return Ok(Vec::new());
        };
        if members.len() > 1 && !is_governed_without(members, self.user) {
            return Err(WorkspaceRejection::LastAdmin);
        }
        Ok(vec![WorkspaceEvent::MemberRemoved { user: self.user }])
    }
}

#[cfg(test)]
mod tests {
    use super::{ForgetMember, Workspace, WorkspaceRejection};
    use crate::core::workspace::samples::{ada, added, bob, opened};
    use crate::spec::given;
    use events::core::{Role, WorkspaceEvent};

    fn forget() -> ForgetMember {
        ForgetMember { user: ada() }
    }

    #[test]
    fn who_is_alone_or_leaves_an_admin_behind_is_forgotten() {
        let removed = WorkspaceEvent::MemberRemoved { user: ada() };
        for history in [vec![opened()], vec![opened(), added(bob(), Role::Admin)]] {
            given::<Workspace>(&history)
                .when(&forget())
                .then([removed.clone()]);
        }
    }

    #[test]
    fn others_are_not_left_without_an_admin() {
        given::<Workspace>(&[opened(), added(bob(), Role::Editor)])
            .when(&forget())
            .then_rejected(|it| *it == WorkspaceRejection::LastAdmin);
    }

    #[test]
    fn who_is_no_member_need_not_be_forgotten() {
        given::<Workspace>(&[]).when(&forget()).then([]);
    }
}
