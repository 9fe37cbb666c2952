//! A short link.

mod archive;
mod bring;
mod edit;
mod rejection;
mod restore;
#[cfg(test)]
pub(crate) mod samples;
mod shorten;

use events::WorkspaceId;
use events::links::{Label, LinkEvent, OwnDomain, Route};

use crate::decider::Aggregate;
use crate::links::domain::Space;

pub(crate) use archive::Archive;
pub(crate) use bring::Bring;
pub(crate) use edit::{Edit, FORMER_SLUGS_MAX};
pub(crate) use rejection::LinkRejection;
pub(crate) use restore::Restore;
pub(crate) use shorten::Shorten;

/// A link's stages of life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Link {
    /// Never heard of.
    #[default]
    Unknown,
    /// Leads to its target.
    Open(Details),
    /// Leads nowhere, until it is restored.
    Archived(Details),
}

/// What its owner chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) domain: String,
    /// None on the installation's domain.
    pub(crate) own_domain: Option<OwnDomain>,
    pub(crate) slug: String,
    /// The slugs of before that still lead to it, oldest first.
    pub(crate) former_slugs: Vec<String>,
    pub(crate) route: Route,
    pub(crate) label: Label,
}

impl Link {
    /// What its owner chose; `None` of a link that never was.
    pub(crate) const fn details(&self) -> Option<&Details> {
        match self {
            Self::Unknown => None,
            Self::Open(details) | Self::Archived(details) => Some(details),
        }
    }

    fn with(self, change: impl FnOnce(&mut Details)) -> Self {
        match self {
            Self::Unknown => Self::Unknown,
            Self::Open(mut details) => {
                change(&mut details);
                Self::Open(details)
            }
            Self::Archived(mut details) => {
                change(&mut details);
                Self::Archived(details)
            }
        }
    }
}

impl Details {
    /// Where its slugs are unique.
    pub(crate) fn space(&self, workspace: WorkspaceId) -> Space {
        space(&self.domain, self.own_domain, workspace)
    }

    /// Every slug that leads to it.
    pub(crate) fn slugs(&self) -> impl Iterator<Item = &str> {
        let former = self.former_slugs.iter().map(String::as_str);
        former.chain([self.slug.as_str()])
    }
}

/// Where the slugs of a workspace's link on a domain are unique.
fn space(domain: &str, own: Option<OwnDomain>, workspace: WorkspaceId) -> Space {
    own.map_or_else(
        || Space::installation(domain),
        |own| Space::own(domain, workspace, own),
    )
}

impl Aggregate for Link {
    type Event = LinkEvent;

    fn evolve(self, event: &LinkEvent) -> Self {
        match event {
            LinkEvent::Shortened {
                domain,
                own_domain,
                slug,
                route,
                label,
            } => Self::Open(Details {
                domain: domain.clone(),
                own_domain: *own_domain,
                slug: slug.clone(),
                former_slugs: Vec::new(),
                route: route.clone(),
                label: label.clone(),
            }),
            LinkEvent::Retargeted { route } => self.with(|it| it.route = route.clone()),
            LinkEvent::Relabelled { label } => self.with(|it| it.label = label.clone()),
            LinkEvent::Renamed { slug, former_slugs } => self.with(|it| {
                slug.clone_into(&mut it.slug);
                former_slugs.clone_into(&mut it.former_slugs);
            }),
            LinkEvent::Archived { .. } => match self {
                Self::Open(details) | Self::Archived(details) => Self::Archived(details),
                Self::Unknown => Self::Unknown,
            },
            LinkEvent::Restored { .. } => match self {
                Self::Open(details) | Self::Archived(details) => Self::Open(details),
                Self::Unknown => Self::Unknown,
            },
        }
    }
}
