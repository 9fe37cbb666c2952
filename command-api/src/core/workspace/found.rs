//! Founding a further workspace.

use events::UserId;
use events::core::WorkspaceEvent;

use super::{Workspace, WorkspaceRejection};
use crate::decider::Decide;

/// Somebody who has a workspace already wants another.
pub(crate) struct Found {
    pub(crate) founder: UserId,
    pub(crate) name: String,
}

impl Decide<Workspace> for Found {
    type Rejection = WorkspaceRejection;

    fn decide(&self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, WorkspaceRejection> {
        match state {
            Workspace::Unknown => Ok(vec![WorkspaceEvent::Founded {
                founder: self.founder,
                name: self.name.clone(),
            }]),
            Workspace::Open { .. } => Err(WorkspaceRejection::AlreadyOpen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, Workspace, WorkspaceRejection};
    use crate::core::workspace::samples::{ada, founded, opened};
    use crate::spec::given;

    #[test]
    fn a_workspace_is_founded_once() {
        let found = Found {
            founder: ada(),
            name: "Acme".to_owned(),
        };
        given::<Workspace>(&[]).when(&found).then([founded()]);
        for there in [opened(), founded()] {
            given::<Workspace>(&[there])
                .when(&found)
                .then_rejected(|it| *it == WorkspaceRejection::AlreadyOpen);
        }
    }
}
