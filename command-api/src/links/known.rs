//! A link as the log tells it: no database is asked.

use events::links::LinkEvent;
use events::{LinkId, Subject, Timestamp, WorkspaceId};
use service::problem::Problem;

use super::link::{Details, Link};
use crate::app::App;
use crate::decider::Aggregate;
use crate::problem::unread;

/// The most events of a link, but for its last archiving.
const EVENTS_MAX: usize = 4_000;

/// A link that was shortened at some time.
pub(super) struct Known {
    pub(super) subject: Subject,
    pub(super) link: Link,
    /// The sequence of its last event.
    pub(super) version: u64,
    pub(super) created_at: Timestamp,
    /// How much has happened to it.
    events: usize,
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
            events: history.len(),
        })
    }

    /// Refuses one more change of a link whose history would become too long to be read for a visitor.
    pub(super) fn may_change(&self) -> Result<(), Problem> {
        if self.events < EVENTS_MAX {
            return Ok(());
        }
        let fault = format!("the link was changed {EVENTS_MAX} times; make another");
        Err(Problem::conflict("too_many_changes", "The link was changed too often").detail(fault))
    }

    pub(super) fn details(&self) -> Result<&Details, Problem> {
        self.link.details().ok_or_else(Problem::not_found)
    }
}
