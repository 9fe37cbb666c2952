//! Bringing a link along from elsewhere, with the slugs that led to it there.

use events::links::LinkEvent;

use super::edit::FORMER_SLUGS_MAX;
use super::{Link, LinkRejection, Shorten};
use crate::decider::Decide;

/// Somebody brings a link along; the values were parsed at the edge.
#[derive(Clone, Debug)]
pub(crate) struct Bring {
    pub(crate) shorten: Shorten,
    /// Further slugs that lead to it, oldest first.
    pub(crate) former_slugs: Vec<String>,
    /// Whether it leads nowhere, and only keeps its slugs.
    pub(crate) is_archived: bool,
}

impl From<Shorten> for Bring {
    fn from(shorten: Shorten) -> Self {
        Self {
            shorten,
            former_slugs: Vec::new(),
            is_archived: false,
        }
    }
}

impl Decide<Link> for Bring {
    type Rejection = LinkRejection;

    fn decide(&self, state: &Link) -> Result<Vec<LinkEvent>, LinkRejection> {
        if self.former_slugs.len() > FORMER_SLUGS_MAX {
            return Err(LinkRejection::TooManySlugs);
        }
        let mut events = self.shorten.decide(state)?;
        let slug = &self.shorten.slug;
        if !self.former_slugs.is_empty() {
            events.push(LinkEvent::Renamed {
                slug: slug.clone(),
                former_slugs: self.former_slugs.clone(),
            });
        }
        if self.is_archived {
            events.push(LinkEvent::Archived { slug: slug.clone() });
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{DOMAIN, SLUG, archived, label, renamed, route, shortened};
    use super::{Bring, FORMER_SLUGS_MAX, Link, LinkRejection, Shorten};
    use crate::spec::given;

    fn bring(former_slugs: &[&str], is_archived: bool) -> Bring {
        Bring {
            former_slugs: former_slugs.iter().map(|it| (*it).to_owned()).collect(),
            is_archived,
            ..Bring::from(Shorten {
                domain: DOMAIN.to_owned(),
                own_domain: None,
                slug: SLUG.to_owned(),
                route: route("https://shop.example/"),
                label: label(),
            })
        }
    }

    #[test]
    fn a_plain_link_is_shortened() {
        let plain = bring(&[], false);
        given::<Link>(&[]).when(&plain).then([shortened()]);
    }

    #[test]
    fn former_slugs_and_the_archive_are_brought_along() {
        let whole = bring(&["winter"], true);
        let renamed = renamed(SLUG, &["winter"]);
        given::<Link>(&[])
            .when(&whole)
            .then([shortened(), renamed, archived()]);
    }

    #[test]
    fn a_link_that_is_there_is_not_brought_again() {
        given::<Link>(&[shortened()])
            .when(&bring(&[], false))
            .then_rejected(|it| *it == LinkRejection::AlreadyShortened);
    }

    #[test]
    fn only_so_many_slugs_lead_to_a_link() {
        let slugs = vec!["s"; FORMER_SLUGS_MAX + 1];
        given::<Link>(&[])
            .when(&bring(&slugs, false))
            .then_rejected(|it| *it == LinkRejection::TooManySlugs);
    }
}
