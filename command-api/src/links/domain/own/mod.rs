//! The domains that a workspace brought, together: none is brought twice, and there are only so many.

mod add;
mod rejection;
mod remove;
#[cfg(test)]
pub(crate) mod samples;
mod verify;

use events::links::{OwnDomain, OwnDomainEvent};
use events::{DomainId, WorkspaceId};

use super::Space;
use crate::decider::Aggregate;

pub(crate) use add::Add;
pub(crate) use rejection::OwnDomainRejection;
pub(crate) use remove::Remove;
pub(crate) use verify::Verify;

/// A workspace's own domains, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnDomains(Vec<Brought>);

/// A domain that a workspace brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Brought {
    pub(crate) id: DomainId,
    pub(crate) name: String,
    pub(crate) is_case_sensitive: bool,
    pub(crate) record_name: String,
    pub(crate) record_value: String,
    pub(crate) stage: Stage,
}

/// A domain's stages of life; one that was removed is not there any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Somebody says that it is theirs.
    Added,
    /// It is.
    Verified,
}

impl OwnDomains {
    pub(crate) fn find(&self, id: DomainId) -> Option<&Brought> {
        self.0.iter().find(|it| it.id == id)
    }

    /// Those on which links are opened.
    pub(crate) fn verified(&self) -> impl Iterator<Item = &Brought> {
        self.0.iter().filter(|it| it.stage == Stage::Verified)
    }

    /// The one of this name, if links are opened on it.
    pub(crate) fn verified_as(&self, name: &str) -> Option<&Brought> {
        self.verified().find(|it| it.name == name)
    }
}

impl Brought {
    /// What links on it remember of it.
    pub(crate) const fn own_domain(&self) -> OwnDomain {
        OwnDomain {
            is_case_sensitive: self.is_case_sensitive,
        }
    }

    /// Where its slugs are unique.
    pub(crate) fn space(&self, workspace: WorkspaceId) -> Space {
        Space::own(&self.name, workspace, self.own_domain())
    }
}

impl Stage {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Verified => "verified",
        }
    }
}

impl Aggregate for OwnDomains {
    type Event = OwnDomainEvent;

    fn evolve(mut self, event: &OwnDomainEvent) -> Self {
        match event {
            OwnDomainEvent::Added {
                domain_id,
                domain,
                is_case_sensitive,
                record_name,
                record_value,
            } => self.0.push(Brought {
                id: *domain_id,
                name: domain.clone(),
                is_case_sensitive: *is_case_sensitive,
                record_name: record_name.clone(),
                record_value: record_value.clone(),
                stage: Stage::Added,
            }),
            OwnDomainEvent::Verified { domain_id, .. } => {
                let verified = self.0.iter_mut().find(|it| it.id == *domain_id);
                if let Some(verified) = verified {
                    verified.stage = Stage::Verified;
                }
            }
            OwnDomainEvent::Removed { domain_id, .. } => self.0.retain(|it| it.id != *domain_id),
        }
        self
    }
}
