//! Which domain a link is made on.

use std::sync::Arc;

use events::WorkspaceId;
use events::links::OwnDomain;
use service::body::Faults;
use service::problem::Problem;

use super::{DomainName, OwnDomains};
use crate::app::App;
use crate::links::target::TargetRules;
use crate::problem::unread;

/// The domains that a workspace's links can be made on, and where they may lead.
pub(crate) struct Choice {
    installation: String,
    own: Arc<OwnDomains>,
    pub(crate) targets: TargetRules,
}

impl Choice {
    /// As the workspace's domains are now.
    pub(crate) async fn of(app: &App, workspace: WorkspaceId) -> Result<Self, Problem> {
        let own = app.directory.own_domains_now(&app.broker, workspace);
        let own = own.await.map_err(unread)?;
        Ok(Self {
            installation: app.domain.host().to_owned(),
            targets: app.targets.and_no(&own),
            own,
        })
    }

    /// The domain that is asked for, or else the workspace's default.
    pub(crate) fn take(
        &self,
        asked: Option<&str>,
        faults: &mut Faults,
    ) -> (String, Option<OwnDomain>) {
        if asked.is_some_and(|it| !self.has(it)) {
            faults.add("/domain", "is not a verified domain of this workspace");
        }
        let brought = match asked {
            None => self.own.default_one(),
            Some(asked) => self.verified(asked),
        };
        brought.map_or_else(
            || (self.installation.clone(), None),
            |it| (it.name.clone(), Some(it.own_domain())),
        )
    }

    /// Whether links can be made on it.
    pub(crate) fn has(&self, asked: &str) -> bool {
        self.is_installation(asked) || self.verified(asked).is_some()
    }

    fn is_installation(&self, asked: &str) -> bool {
        asked.to_lowercase() == self.installation
    }

    fn verified(&self, asked: &str) -> Option<&super::own::Brought> {
        let name = DomainName::parse(asked).ok()?;
        self.own.verified_as(name.as_str())
    }
}
