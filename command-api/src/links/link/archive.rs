//! Archiving: the link leads nowhere, and keeps its slugs.

use events::links::LinkEvent;

use super::{Link, LinkRejection};
use crate::decider::Decide;

/// Somebody wants a link to lead nowhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Archive;

impl Decide<Link> for Archive {
    type Rejection = LinkRejection;

    fn decide(&self, state: &Link) -> Result<Vec<LinkEvent>, LinkRejection> {
        match state {
            Link::Unknown => Err(LinkRejection::Unknown),
            Link::Open(details) => Ok(vec![LinkEvent::Archived {
                slug: details.slug.clone(),
            }]),
            Link::Archived(_) => Ok(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{archived, restored, shortened};
    use super::{Archive, Link, LinkRejection};
    use crate::spec::given;

    #[test]
    fn an_open_link_is_archived() {
        for history in [vec![shortened()], vec![shortened(), archived(), restored()]] {
            given::<Link>(&history).when(&Archive).then([archived()]);
        }
    }

    #[test]
    fn an_archived_link_stays_so() {
        given::<Link>(&[shortened(), archived()])
            .when(&Archive)
            .then([]);
    }

    #[test]
    fn a_link_that_never_was_cannot_be_archived() {
        given::<Link>(&[])
            .when(&Archive)
            .then_rejected(|it| *it == LinkRejection::Unknown);
    }
}
