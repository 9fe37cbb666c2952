//! A workspace's own domains as the log tells them: no database is asked.

use events::links::OwnDomainEvent;
use events::{DomainId, Recorded, Subject, Timestamp, WorkspaceId};
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
    pub(super) times: Times,
    /// The sequence of the last event of any of the workspace's domains.
    pub(super) version: u64,
}

/// When a domain was brought, and verified.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) created_at: Timestamp,
    pub(super) verified_at: Option<Timestamp>,
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
        let (Some(last), Some(brought), Some(times)) =
            (history.last(), own.find(id), Times::of(&history, id))
        else {
            return Err(Problem::not_found());
        };
        Ok(Self {
            subject,
            brought: brought.clone(),
            times,
            version: last.position.sequence,
        })
    }
}

impl Times {
    fn of(history: &[Recorded<OwnDomainEvent>], id: DomainId) -> Option<Self> {
        let mut times = None;
        for it in history {
            let at = it.metadata.time;
            match &it.event {
                OwnDomainEvent::Added { domain_id, .. } if *domain_id == id => {
                    times = Some(Self::of_new(at));
                }
                OwnDomainEvent::Verified { domain_id, .. } if *domain_id == id => {
                    times = times.map(|times| times.verified(at));
                }
                OwnDomainEvent::Added { .. }
                | OwnDomainEvent::Verified { .. }
                | OwnDomainEvent::MadeDefault { .. }
                | OwnDomainEvent::DefaultCleared { .. }
                | OwnDomainEvent::Removed { .. } => {}
            }
        }
        times
    }

    pub(super) const fn of_new(created_at: Timestamp) -> Self {
        Self {
            created_at,
            verified_at: None,
        }
    }

    /// The same, if it was not verified before.
    pub(super) fn verified(self, at: Timestamp) -> Self {
        Self {
            verified_at: self.verified_at.or(Some(at)),
            ..self
        }
    }
}
