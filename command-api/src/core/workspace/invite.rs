//! Inviting somebody who has no account yet.

use events::core::WorkspaceEvent;

use super::{Workspace, WorkspaceRejection};
use crate::decider::Decide;

/// An admin invites somebody: nothing happens to the workspace before the person registers.
pub(crate) struct Invite;

impl Decide<Workspace> for Invite {
    type Rejection = WorkspaceRejection;

    /// Nobody is invited whom the workspace could never take in.
    fn decide(&self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, WorkspaceRejection> {
        state.may_change()?;
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::{Invite, Workspace, WorkspaceRejection};
    use crate::core::workspace::samples::opened;
    use crate::spec::given;

    #[test]
    fn nothing_happens_to_a_workspace_that_invites() {
        given::<Workspace>(&[opened()]).when(&Invite).then([]);
    }

    #[test]
    fn nobody_is_invited_to_what_is_not_there() {
        given::<Workspace>(&[])
            .when(&Invite)
            .then_rejected(|it| *it == WorkspaceRejection::Unknown);
    }
}
