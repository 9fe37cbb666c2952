//! Giving a target a short link.

use events::WorkspaceId;
use events::links::{Label, LinkEvent, OwnDomain, Route};

use super::{Link, LinkRejection, space};
use crate::decider::Decide;
use crate::links::domain::Space;

/// Somebody wants a short link; the values were parsed at the edge.
#[derive(Clone, Debug)]
pub(crate) struct Shorten {
    pub(crate) domain: String,
    /// None on the installation's domain.
    pub(crate) own_domain: Option<OwnDomain>,
    pub(crate) slug: String,
    pub(crate) route: Route,
    pub(crate) label: Label,
}

impl Shorten {
    /// Where its slug is to be unique.
    pub(crate) fn space(&self, workspace: WorkspaceId) -> Space {
        space(&self.domain, self.own_domain, workspace)
    }
}

impl Decide<Link> for Shorten {
    type Rejection = LinkRejection;

    fn decide(&self, state: &Link) -> Result<Vec<LinkEvent>, LinkRejection> {
        match state {
            Link::Unknown => Ok(vec![LinkEvent::Shortened {
                domain: self.domain.clone(),
                own_domain: self.own_domain,
                slug: self.slug.clone(),
                route: self.route.clone(),
                label: self.label.clone(),
            }]),
            Link::Open(_) | Link::Archived(_) => Err(LinkRejection::AlreadyShortened),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{DOMAIN, SLUG, archived, label, route, shortened};
    use super::{Link, LinkRejection, Shorten};
    use crate::spec::given;

    fn shorten() -> Shorten {
        Shorten {
            domain: DOMAIN.to_owned(),
            own_domain: None,
            slug: SLUG.to_owned(),
            route: route("https://shop.example/"),
            label: label(),
        }
    }

    #[test]
    fn a_target_gets_its_link() {
        given::<Link>(&[]).when(&shorten()).then([shortened()]);
    }

    #[test]
    fn a_link_is_made_once() {
        for history in [vec![shortened()], vec![shortened(), archived()]] {
            given::<Link>(&history)
                .when(&shorten())
                .then_rejected(|it| *it == LinkRejection::AlreadyShortened);
        }
    }
}
