//! Restoring: an archived link leads to its target again.

use events::links::LinkEvent;

use super::{Link, LinkRejection};
use crate::decider::Decide;

/// Somebody wants an archived link back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Restore;

impl Decide<Link> for Restore {
    type Rejection = LinkRejection;

    fn decide(&self, state: &Link) -> Result<Vec<LinkEvent>, LinkRejection> {
        match state {
            Link::Unknown => Err(LinkRejection::Unknown),
            Link::Archived(details) => Ok(vec![LinkEvent::Restored {
                slug: details.slug.clone(),
            }]),
            Link::Open(_) => Ok(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{archived, renamed, restored, shortened};
    use super::{Link, LinkRejection, Restore};
    use crate::spec::given;
    use events::links::LinkEvent;

    #[test]
    fn an_archived_link_is_restored() {
        given::<Link>(&[shortened(), archived()])
            .when(&Restore)
            .then([restored()]);
    }

    #[test]
    fn it_comes_back_under_the_slug_that_it_got_meanwhile() {
        given::<Link>(&[shortened(), archived(), renamed("summer", &[])])
            .when(&Restore)
            .then([LinkEvent::Restored {
                slug: "summer".to_owned(),
            }]);
    }

    #[test]
    fn an_open_link_stays_so() {
        given::<Link>(&[shortened()]).when(&Restore).then([]);
    }

    #[test]
    fn a_link_that_never_was_cannot_be_restored() {
        given::<Link>(&[])
            .when(&Restore)
            .then_rejected(|it| *it == LinkRejection::Unknown);
    }
}
