//! Giving a target a short link.

use events::links::LinkEvent;

use super::Link;
use crate::decider::Decide;

/// Somebody wants a short link; the values were parsed at the edge.
#[derive(Clone, Debug)]
pub(crate) struct Shorten {
    pub(crate) domain: String,
    pub(crate) slug: String,
    pub(crate) target: String,
    pub(crate) status: u16,
    pub(crate) forward_query: bool,
    pub(crate) title: Option<String>,
    pub(crate) tags: Vec<String>,
}

/// Why nothing came of a wish about a link.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LinkRejection {
    #[error("the link is there already")]
    AlreadyShortened,
}

impl Decide<Link> for Shorten {
    type Rejection = LinkRejection;

    fn decide(&self, state: &Link) -> Result<Vec<LinkEvent>, LinkRejection> {
        match state {
            Link::Unknown => Ok(vec![LinkEvent::Shortened {
                domain: self.domain.clone(),
                slug: self.slug.clone(),
                target: self.target.clone(),
                status: self.status,
                forward_query: self.forward_query,
                title: self.title.clone(),
                tags: self.tags.clone(),
            }]),
            Link::Open => Err(LinkRejection::AlreadyShortened),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Link, LinkRejection, Shorten};
    use crate::spec::given;
    use events::links::LinkEvent;

    fn shorten() -> Shorten {
        Shorten {
            domain: "go.example".to_owned(),
            slug: "spring".to_owned(),
            target: "https://shop.example/".to_owned(),
            status: 302,
            forward_query: false,
            title: None,
            tags: Vec::new(),
        }
    }

    fn shortened() -> LinkEvent {
        let Shorten {
            domain,
            slug,
            target,
            status,
            forward_query,
            title,
            tags,
        } = shorten();
        LinkEvent::Shortened {
            domain,
            slug,
            target,
            status,
            forward_query,
            title,
            tags,
        }
    }

    #[test]
    fn a_target_gets_its_link() {
        given::<Link>(&[]).when(&shorten()).then([shortened()]);
    }

    #[test]
    fn a_link_is_made_once() {
        given::<Link>(&[shortened()])
            .when(&shorten())
            .then_rejected(|it| *it == LinkRejection::AlreadyShortened);
    }
}
