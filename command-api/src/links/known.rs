//! A link as the log tells it: no database is asked.

use events::links::LinkEvent;
use events::{LinkId, Subject, Timestamp, WorkspaceId};
use service::problem::Problem;

use super::link::{Details, Link};
use crate::app::App;
use crate::decider::Aggregate;
use crate::problem::unread;

/// A link that was shortened at some time.
pub(super) struct Known {
    pub(super) subject: Subject,
    pub(super) link: Link,
    /// The sequence of its last event.
    pub(super) version: u64,
    pub(super) created_at: Timestamp,
}

impl Known {
    /// The workspace's link; a 404 if it has none of this id.
    pub(super) async fn find(
        app: &App,
        workspace: WorkspaceId,
        id: LinkId,
    ) -> Result<Self, Problem> {
        let subject = Subject::Link(workspace, id);
        let history = app
            .broker
            .history_from_leader::<LinkEvent>(&subject)
            .await
            .map_err(unread)?;
        let (Some(first), Some(last)) = (history.first(), history.last()) else {
            return Err(Problem::not_found());
        };
        let events = history.iter().map(|it| &it.event);
        Ok(Self {
            subject,
            link: events.fold(Link::default(), Link::evolve),
            version: last.position.sequence,
            created_at: first.metadata.time,
        })
    }

    pub(super) fn details(&self) -> Result<&Details, Problem> {
        self.link.details().ok_or_else(Problem::not_found)
    }
}
