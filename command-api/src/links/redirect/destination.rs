//! Where a slug leads, ready to be answered.

use axum::http::StatusCode;
use events::links::{LinkEvent, Route, When};
use events::{LinkId, Sealed, Subject, Timestamp, WorkspaceId};

use super::Place;
use super::quota::UsedUp;
use crate::decider::Aggregate;
use crate::links::link::{Details, Link};
use crate::links::target::Blocklist;

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
    pub(super) is_blocked: bool,
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
    /// One of its targets is on a domain that no link may lead to.
    Blocked,
    Expired,
}

impl Destination {
    /// Takes a link's history; `None` when it isn't one that leads anywhere.
    pub(crate) fn of<'a>(
        subject: &Subject,
        history: impl IntoIterator<Item = &'a LinkEvent>,
        blocklist: &Blocklist,
    ) -> Option<Self> {
        let &Subject::Link(workspace, id) = subject else {
            return None;
        };
        let link = history.into_iter().fold(Link::default(), Link::evolve);
        let is_archived = match link {
            Link::Unknown => return None,
            Link::Open(_) => false,
            Link::Archived(_) => true,
        };
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
            is_blocked: is_blocked(route, blocklist),
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
        } else if self.is_blocked {
            Stage::Blocked
        } else if self.expires_at.is_some_and(|end| end <= at) {
            Stage::Expired
        } else {
            Stage::Open
        }
    }
}

/// Whether any of its targets is: which one a visitor is led to would be found out too late.
fn is_blocked(route: &Route, blocklist: &Blocklist) -> bool {
    let variants = route.rules.iter().flat_map(|rule| &rule.targets);
    variants
        .map(|it| &it.target)
        .chain([&route.target])
        .chain(&route.expired_target)
        .any(|target| blocklist.blocks(target))
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
    use crate::links::target::Blocklist;
    use events::links::{LinkEvent, Route, Rule, Variant, When};
    use events::{LinkId, Subject, WorkspaceId};
    use uuid::Uuid;

    fn destination(history: &[LinkEvent]) -> Option<Destination> {
        destination_beside(&Blocklist::default(), history)
    }

    fn destination_beside(blocklist: &Blocklist, history: &[LinkEvent]) -> Option<Destination> {
        let subject = Subject::Link(
            WorkspaceId::new(Uuid::from_u128(1)),
            LinkId::new(Uuid::from_u128(2)),
        );
        Destination::of(&subject, history, blocklist)
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

    #[test]
    fn a_link_with_a_blocked_target_leads_nowhere_until_it_has_none() {
        let blocklist = Blocklist::of(&["bad.example"]);
        let at = "2026-11-21T10:00:00Z".parse().unwrap();
        let stage = |route: Route| {
            let history = [shortened(), LinkEvent::Retargeted { route }];
            destination_beside(&blocklist, &history).unwrap().stage(at)
        };
        let variant = |target: &str| Variant {
            target: target.to_owned(),
            weight: 1,
        };
        let (good, bad) = ("https://good.example/", "https://a.bad.example/x");
        let ruled = Route {
            rules: vec![Rule {
                name: "ab".to_owned(),
                when: When::default(),
                targets: vec![variant(good), variant(bad)],
            }],
            ..route(good)
        };
        let expiring = Route {
            expired_target: Some(bad.to_owned()),
            ..route(good)
        };
        for blocked in [route(bad), ruled, expiring] {
            assert_eq!(stage(blocked.clone()), Stage::Blocked, "{blocked:?}");
        }
        assert_eq!(stage(route(good)), Stage::Open);
    }
}
