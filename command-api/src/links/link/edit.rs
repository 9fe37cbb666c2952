//! Changing where a link leads, what it is called, and which slugs lead to it.

use events::links::{Label, LinkEvent, Route};

use super::{Details, Link, LinkRejection};
use crate::decider::Decide;

/// The most slugs of before that still lead to a link.
pub(crate) const FORMER_SLUGS_MAX: usize = 20;

/// Somebody wants a link to be so; the values were parsed at the edge.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    pub(crate) slug: String,
    /// The slugs of before that shall still lead to it.
    pub(crate) former_slugs: Vec<String>,
    pub(crate) route: Route,
    pub(crate) label: Label,
}

impl Edit {
    fn changes(&self, details: &Details) -> Vec<LinkEvent> {
        let is_renamed = self.slug != details.slug || self.former_slugs != details.former_slugs;
        let renamed = is_renamed.then(|| LinkEvent::Renamed {
            slug: self.slug.clone(),
            former_slugs: self.former_slugs.clone(),
        });
        let retargeted = (self.route != details.route).then(|| LinkEvent::Retargeted {
            route: self.route.clone(),
        });
        let relabelled = (self.label != details.label).then(|| LinkEvent::Relabelled {
            label: self.label.clone(),
        });
        let changes = [renamed, retargeted, relabelled];
        changes.into_iter().flatten().collect()
    }
}

impl Decide<Link> for Edit {
    type Rejection = LinkRejection;

    fn decide(&self, state: &Link) -> Result<Vec<LinkEvent>, LinkRejection> {
        let details = state.details().ok_or(LinkRejection::Unknown)?;
        if self.former_slugs.len() > FORMER_SLUGS_MAX {
            return Err(LinkRejection::TooManySlugs);
        }
        Ok(self.changes(details))
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{SLUG, archived, label, renamed, route, shortened};
    use super::{Edit, FORMER_SLUGS_MAX, Link, LinkRejection};
    use crate::spec::given;
    use events::links::{Label, LinkEvent};

    /// That everything stays as it was.
    fn edit() -> Edit {
        Edit {
            slug: SLUG.to_owned(),
            former_slugs: Vec::new(),
            route: route("https://shop.example/"),
            label: label(),
        }
    }

    #[test]
    fn what_is_so_already_changes_nothing() {
        given::<Link>(&[shortened()]).when(&edit()).then([]);
    }

    #[test]
    fn another_target_is_told_with_the_whole_route() {
        let route = route("https://shop.example/summer");
        let edit = Edit {
            route: route.clone(),
            ..edit()
        };
        given::<Link>(&[shortened()])
            .when(&edit)
            .then([LinkEvent::Retargeted { route }]);
    }

    #[test]
    fn all_that_changes_at_once_is_told_apart() {
        let edit = Edit {
            slug: "summer".to_owned(),
            former_slugs: vec![SLUG.to_owned()],
            route: route("https://shop.example/summer"),
            label: Label::default(),
        };
        given::<Link>(&[shortened()]).when(&edit).then([
            renamed("summer", &[SLUG]),
            LinkEvent::Retargeted {
                route: edit.route.clone(),
            },
            LinkEvent::Relabelled {
                label: Label::default(),
            },
        ]);
    }

    #[test]
    fn a_former_slug_can_be_given_up_alone() {
        let history = [shortened(), renamed("summer", &[SLUG])];
        let edit = Edit {
            slug: "summer".to_owned(),
            ..edit()
        };
        given::<Link>(&history)
            .when(&edit)
            .then([renamed("summer", &[])]);
    }

    #[test]
    fn an_archived_link_can_be_changed_and_stays_archived() {
        let edit = Edit {
            label: Label::default(),
            ..edit()
        };
        given::<Link>(&[shortened(), archived()])
            .when(&edit)
            .then([LinkEvent::Relabelled {
                label: Label::default(),
            }]);
    }

    #[test]
    fn only_so_many_slugs_lead_to_a_link() {
        let edit = Edit {
            former_slugs: vec![String::new(); FORMER_SLUGS_MAX + 1],
            ..edit()
        };
        given::<Link>(&[shortened()])
            .when(&edit)
            .then_rejected(|it| *it == LinkRejection::TooManySlugs);
    }

    #[test]
    fn a_link_that_never_was_cannot_be_changed() {
        given::<Link>(&[])
            .when(&edit())
            .then_rejected(|it| *it == LinkRejection::Unknown);
    }
}
