//! The domains that a workspace brought, together: none is brought twice, and there are only so many.

mod add;
mod clear_default;
mod make_default;
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
pub(crate) use clear_default::ClearDefault;
pub(crate) use make_default::MakeDefault;
pub(crate) use rejection::OwnDomainRejection;
pub(crate) use remove::Remove;
pub(crate) use verify::Verify;

/// The most changes of a workspace's domains, but for giving up what there is: whoever asks for a host that is not
/// in memory waits until all are read.
const CHANGES_MAX: usize = 2_000;

/// A workspace's own domains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnDomains {
    /// In the order in which they came.
    brought: Vec<Brought>,
    /// The verified one on which links are made that name none; the installation's, if none is.
    default: Option<DomainId>,
    /// How much has happened to them.
    changes: usize,
}

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
        self.brought.iter().find(|it| it.id == id)
    }

    /// Those on which links are opened.
    pub(crate) fn verified(&self) -> impl Iterator<Item = &Brought> {
        self.brought.iter().filter(|it| it.stage == Stage::Verified)
    }

    /// The one of this name, if links are opened on it.
    pub(crate) fn verified_as(&self, name: &str) -> Option<&Brought> {
        self.verified().find(|it| it.name == name)
    }

    /// The one on which links are made that name none.
    pub(crate) fn default_one(&self) -> Option<&Brought> {
        self.find(self.default?)
    }

    /// Refuses one more change of what was changed too often to be read for a visitor.
    const fn may_change(&self) -> Result<(), OwnDomainRejection> {
        if self.changes < CHANGES_MAX {
            return Ok(());
        }
        Err(OwnDomainRejection::ChangedTooOften)
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
            Self::Added => "pending",
            Self::Verified => "verified",
        }
    }
}

impl Aggregate for OwnDomains {
    type Event = OwnDomainEvent;

    fn evolve(mut self, event: &OwnDomainEvent) -> Self {
        self.changes += 1;
        match event {
            OwnDomainEvent::Added {
                domain_id,
                domain,
                is_case_sensitive,
                record_name,
                record_value,
            } => self.brought.push(Brought {
                id: *domain_id,
                name: domain.clone(),
                is_case_sensitive: *is_case_sensitive,
                record_name: record_name.clone(),
                record_value: record_value.clone(),
                stage: Stage::Added,
            }),
            OwnDomainEvent::Verified { domain_id, .. } => {
                let verified = self.brought.iter_mut().find(|it| it.id == *domain_id);
                if let Some(verified) = verified {
                    verified.stage = Stage::Verified;
                }
            }
            OwnDomainEvent::MadeDefault { domain_id, .. } => self.default = Some(*domain_id),
            OwnDomainEvent::DefaultCleared { .. } => self.default = None,
            OwnDomainEvent::Removed { domain_id, .. } => {
                self.brought.retain(|it| it.id != *domain_id);
                self.default = self.default.filter(|it| it != domain_id);
            }
        }
        self
    }
}
