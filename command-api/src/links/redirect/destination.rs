//! Where a slug leads, ready to be answered.

use axum::http::StatusCode;
use events::links::{LinkEvent, Route, When};
use events::{LinkId, Sealed, Subject, Timestamp, WorkspaceId};

use super::Place;
use super::quota::UsedUp;
use crate::decider::Aggregate;
use crate::links::link::{Details, Link};

/// A link as the redirect needs it.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(crate) workspace: WorkspaceId,
    pub(crate) link: LinkId,
    pub(crate) slug: Box<str>,
    pub(super) title: Option<Box<str>>,
    pub(super) status: StatusCode,
    pub(super) place: Place,
    pub(super) is_query_forwarded: bool,
    pub(super) rules: Box<[RuleToPlaces]>,
    pub(super) is_archived: bool,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) expired_place: Option<Place>,
    pub(super) max_clicks: Option<u64>,
    pub(super) password_hash: Option<Sealed>,
    pub(super) used_up: UsedUp,
}

/// Visitors who are led elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct RuleToPlaces {
    pub(super) name: Box<str>,
    pub(super) when: When,
    pub(super) variants: Box<[(Place, u32)]>,
}

/// A link's stage of life at a moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Open,
    Archived,
    Expired,
}

impl Destination {
    /// Takes a link's history; `None` when it isn't one that leads anywhere.
    pub(crate) fn of<'a>(
        subject: &Subject,
        history: impl IntoIterator<Item = &'a LinkEvent>,
    ) -> Option<Self> {
        let &Subject::Link(workspace, id) = subject else {
            return None;
        };
        let link = history.into_iter().fold(Link::default(), Link::evolve);
        let is_archived = matches!(link, Link::Archived(_));
        let Details {
            slug, route, label, ..
        } = link.details()?;
        let place = |target: &str| Place::new(target, &route.utm);
        Some(Self {
            workspace,
            link: id,
            slug: slug.as_str().into(),
            title: label.title.as_deref().map(Box::from),
            status: StatusCode::from_u16(route.status).ok()?,
            place: place(&route.target)?,
            is_query_forwarded: route.forward_query,
            rules: rules(route)?,
            is_archived,
            expires_at: route.expires_at,
            expired_place: route.expired_target.as_deref().and_then(place),
            max_clicks: route.max_clicks,
            password_hash: route.password_hash.clone(),
            used_up: UsedUp::default(),
        })
    }

    /// Whether it doesn't lead everybody to the same place for ever.
    pub(super) fn has_conditions(&self) -> bool {
        !self.rules.is_empty()
            || self.expires_at.is_some()
            || self.max_clicks.is_some()
            || self.password_hash.is_some()
    }

    /// How many plain links it takes the room of: its addresses and conditions, by the kilobyte.
    pub(super) fn weight(&self) -> u64 {
        let variants = self.rules.iter().flat_map(|rule| &rule.variants);
        let addresses: usize = variants.map(|(place, _)| place.as_str().len()).sum();
        let conditions: usize = self.rules.iter().map(|rule| rule.when.entries() * 64).sum();
        let bytes = addresses + conditions + self.place.as_str().len();
        1 + bytes as u64 / 1_024
    }

    /// Its stage of life at that moment.
    pub(super) fn stage(&self, at: Timestamp) -> Stage {
        if self.is_archived {
            Stage::Archived
        } else if self.expires_at.is_some_and(|end| end <= at) {
            Stage::Expired
        } else {
            Stage::Open
        }
    }
}

fn rules(route: &Route) -> Option<Box<[RuleToPlaces]>> {
    let rules = route.rules.iter().map(|rule| {
        let variants = rule.targets.iter();
        let variants = variants.map(|it| Some((Place::new(&it.target, &route.utm)?, it.weight)));
        Some(RuleToPlaces {
            name: rule.name.as_str().into(),
            when: rule.when.clone(),
            variants: variants.collect::<Option<_>>()?,
        })
    });
    rules.collect()
}

#[cfg(test)]
mod tests {
    use super::{Destination, Stage};
    use crate::links::link::samples::{archived, restored, route, shortened};
    use events::links::{LinkEvent, Route};
    use events::{LinkId, Subject, WorkspaceId};
    use uuid::Uuid;

    fn destination(history: &[LinkEvent]) -> Option<Destination> {
        let subject = Subject::Link(
            WorkspaceId::new(Uuid::from_u128(1)),
            LinkId::new(Uuid::from_u128(2)),
        );
        Destination::of(&subject, history)
    }

    #[test]
    fn a_link_without_history_leads_nowhere() {
        assert!(destination(&[]).is_none());
    }

    #[test]
    fn a_link_leads_where_its_last_change_says() {
        let change = LinkEvent::Retargeted {
            route: route("https://shop.example/summer"),
        };
        let destination = destination(&[shortened(), change]).unwrap();
        assert_eq!(destination.place.as_str(), "https://shop.example/summer");
    }

    #[test]
    fn an_archived_link_is_so_until_it_is_restored() {
        let at = "2026-11-21T10:00:00Z".parse().unwrap();
        let stage = |history: &[LinkEvent]| destination(history).unwrap().stage(at);
        assert_eq!(stage(&[shortened(), archived()]), Stage::Archived);
        assert_eq!(stage(&[shortened(), archived(), restored()]), Stage::Open);
    }

    #[test]
    fn a_link_has_expired_from_that_very_moment_on() {
        let end = "2026-11-21T10:00:00Z".parse().unwrap();
        let change = LinkEvent::Retargeted {
            route: Route {
                expires_at: Some(end),
                ..route("https://shop.example/")
            },
        };
        let destination = destination(&[shortened(), change]).unwrap();
        let before = "2026-11-21T09:59:59.999999Z".parse().unwrap();
        assert_eq!(destination.stage(before), Stage::Open);
        assert_eq!(destination.stage(end), Stage::Expired);
    }
}
