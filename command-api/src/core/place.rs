//! Where somebody works: a workspace, and the role there.

use events::core::{Role, WorkspaceEvent};
use events::{Subject, UserId, WorkspaceId};
use service::caller::Membership;
use service::problem::Problem;

use crate::app::App;
use crate::problem::unread;

/// A workspace in which somebody may act, and as what.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) workspace: WorkspaceId,
    pub(super) role: Role,
    /// The sequence of the workspace's last event.
    pub(super) version: u64,
}

impl Place {
    /// Refuses, with the same words, who is no member, and who asks for a workspace that isn't there.
    pub(super) async fn of(
        app: &App,
        user: UserId,
        workspace: WorkspaceId,
    ) -> Result<Self, Problem> {
        let history = app
            .broker
            .history_from_leader::<WorkspaceEvent>(&Subject::Workspace(workspace))
            .await
            .map_err(unread)?;
        let version = history.last().map_or(0, |last| last.position.sequence);
        match Membership::of(user, history.iter().map(|it| &it.event)) {
            Membership::Active(role) => Ok(Self {
                workspace,
                role,
                version,
            }),
            Membership::Suspended(_) => Err(Problem::refused(
                "suspended",
                "Suspended",
                "an admin of the workspace has suspended you",
            )),
            Membership::Stranger => Err(Problem::refused(
                "not_a_member",
                "Not a member",
                "you are no member of this workspace",
            )),
        }
    }
}
