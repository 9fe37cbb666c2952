//! Where a slug leads, ready to be answered.

use axum::http::{HeaderValue, StatusCode};
use events::links::LinkEvent;
use events::{LinkId, Subject, WorkspaceId};

/// A link as the redirect needs it.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) workspace: WorkspaceId,
    pub(crate) link: LinkId,
    pub(crate) slug: Box<str>,
    pub(crate) status: StatusCode,
    target: HeaderValue,
    is_query_forwarded: bool,
}

impl Destination {
    /// Takes a link's history; `None` when it isn't one that leads anywhere.
    pub(crate) fn of<'a>(
        subject: &Subject,
        history: impl IntoIterator<Item = &'a LinkEvent>,
    ) -> Option<Self> {
        let &Subject::Link(workspace, link) = subject else {
            return None;
        };
        let mut destination = None;
        for event in history {
            match event {
                LinkEvent::Shortened {
                    slug,
                    target,
                    status,
                    forward_query,
                    ..
                } => {
                    destination = Some(Self {
                        workspace,
                        link,
                        slug: slug.as_str().into(),
                        status: StatusCode::from_u16(*status).ok()?,
                        target: HeaderValue::from_str(target).ok()?,
                        is_query_forwarded: *forward_query,
                    });
                }
            }
        }
        destination
    }

    /// The `Location`: the target, with the request's query where the link forwards it.
    pub(crate) fn location(&self, query: Option<&str>) -> HeaderValue {
        let query = query.filter(|query| self.is_query_forwarded && !query.is_empty());
        query
            .and_then(|query| self.with_query(query))
            .unwrap_or_else(|| self.target.clone())
    }

    fn with_query(&self, query: &str) -> Option<HeaderValue> {
        let target = self.target.to_str().ok()?;
        let (address, fragment) = match target.split_once('#') {
            Some((address, fragment)) => (address, Some(fragment)),
            None => (target, None),
        };
        let joint = if address.contains('?') { '&' } else { '?' };
        let fragment = fragment.map(|it| format!("#{it}")).unwrap_or_default();
        HeaderValue::from_str(&format!("{address}{joint}{query}{fragment}")).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Destination;
    use events::links::LinkEvent;
    use events::{LinkId, Subject, WorkspaceId};
    use uuid::Uuid;

    fn destination(target: &str, forward_query: bool) -> Destination {
        let subject = Subject::Link(
            WorkspaceId::new(Uuid::from_u128(1)),
            LinkId::new(Uuid::from_u128(2)),
        );
        let shortened = LinkEvent::Shortened {
            domain: "go.example".to_owned(),
            slug: "a".to_owned(),
            target: target.to_owned(),
            status: 302,
            forward_query,
            title: None,
            tags: Vec::new(),
        };
        Destination::of(&subject, &[shortened]).unwrap()
    }

    #[test]
    fn a_query_is_forwarded_only_where_the_link_says_so() {
        assert_eq!(
            destination("https://a.example/", false).location(Some("x=1")),
            "https://a.example/"
        );
        assert_eq!(
            destination("https://a.example/", true).location(Some("")),
            "https://a.example/"
        );
        assert_eq!(
            destination("https://a.example/", true).location(None),
            "https://a.example/"
        );
    }

    #[test]
    fn a_forwarded_query_joins_the_targets_own_and_stays_before_its_fragment() {
        for (target, location) in [
            ("https://a.example/", "https://a.example/?x=1"),
            ("https://a.example/?y=2", "https://a.example/?y=2&x=1"),
            ("https://a.example/#top", "https://a.example/?x=1#top"),
            (
                "https://a.example/?y=2#top",
                "https://a.example/?y=2&x=1#top",
            ),
        ] {
            assert_eq!(destination(target, true).location(Some("x=1")), location);
        }
    }

    #[test]
    fn a_link_without_history_leads_nowhere() {
        let subject = Subject::Link(
            WorkspaceId::new(Uuid::from_u128(1)),
            LinkId::new(Uuid::from_u128(2)),
        );
        assert!(Destination::of(&subject, &[]).is_none());
    }
}
