//! A workspace's own domains as the log tells them: no database is asked.

use events::links::OwnDomainEvent;
use events::{DomainId, Subject, WorkspaceId};
use service::problem::Problem;

use super::OwnDomains;
use super::own::Brought;
use crate::app::App;
use crate::decider::Aggregate;
use crate::problem::unread;

/// A domain that a workspace has, at a version of all that it has.
pub(super) struct Known {
    pub(super) subject: Subject,
    pub(super) brought: Brought,
    /// The sequence of the last event of any of the workspace's domains.
    pub(super) version: u64,
}

impl Known {
    /// The workspace's domain; a 404 if it has none of this id.
    pub(super) async fn find(
        app: &App,
        workspace: WorkspaceId,
        id: DomainId,
    ) -> Result<Self, Problem> {
        let subject = Subject::OwnDomains(workspace);
        let history = app
            .broker
            .history_from_leader::<OwnDomainEvent>(&subject)
            .await
            .map_err(unread)?;
        let events = history.iter().map(|it| &it.event);
        let own = events.fold(OwnDomains::default(), OwnDomains::evolve);
        let (Some(last), Some(brought)) = (history.last(), own.find(id)) else {
            return Err(Problem::not_found());
        };
        Ok(Self {
            subject,
            brought: brought.clone(),
            version: last.position.sequence,
        })
    }
}
