//! Giving a target a short link.

use events::links::{Label, LinkEvent, Route};

use super::{Link, LinkRejection};
use crate::decider::Decide;

/// Somebody wants a short link; the values were parsed at the edge.
#[derive(Clone, Debug)]
pub(crate) struct Shorten {
    pub(crate) domain: String,
    pub(crate) slug: String,
    pub(crate) route: Route,
    pub(crate) label: Label,
}

impl Decide<Link> for Shorten {
    type Rejection = LinkRejection;

    fn decide(&self, state: &Link) -> Result<Vec<LinkEvent>, LinkRejection> {
        match state {
            Link::Unknown => Ok(vec![LinkEvent::Shortened {
                domain: self.domain.clone(),
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
