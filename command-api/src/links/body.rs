//! A short link, as its owner is told of it.

use events::links::{Label, Route, Rule, Utm};
use events::{LinkId, Timestamp};
use serde::Serialize;
use service::world;
use utoipa::ToSchema;

use super::domain::Domain;
use super::link::{Details, Link};
use super::route::UtmBody;
use super::rule::RuleBody;

/// A short link, as its owner sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Link)]
pub(crate) struct LinkBody {
    #[schema(value_type = uuid::Uuid)]
    id: LinkId,
    slug: String,
    /// The slugs of before that still lead to it, oldest first.
    former_slugs: Vec<String>,
    domain: String,
    #[schema(example = "https://go.example.com/spring")]
    short_url: String,
    target: String,
    /// The status of the redirect: 301, 302, 307 or 308.
    status: u16,
    /// Whether the query of the request is added to the target.
    forward_query: bool,
    /// Campaign parameters that are added to the target.
    #[schema(value_type = UtmBody)]
    utm: Utm,
    /// Who is led elsewhere; the first rule that fits leads.
    #[schema(value_type = Vec<RuleBody>)]
    rules: Vec<Rule>,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    expired_target: Option<String>,
    max_clicks: Option<u64>,
    /// Whether visitors are asked for a password.
    has_password: bool,
    title: Option<String>,
    tags: Vec<String>,
    notes: Option<String>,
    /// `open`, `expired` or `archived`, at the moment of the answer.
    state: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl LinkBody {
    /// `None` of a link that never was.
    pub(super) fn of(
        id: LinkId,
        link: &Link,
        created_at: Timestamp,
        domain: &Domain,
    ) -> Option<Self> {
        let has_expired = |details: &Details| {
            let end = details.route.expires_at;
            end.is_some_and(|end| end <= world::now())
        };
        let state = match link {
            Link::Unknown => return None,
            Link::Open(details) if has_expired(details) => "expired",
            Link::Open(_) => "open",
            Link::Archived(_) => "archived",
        };
        let details = link.details()?.clone();
        Some(Self::new(id, details, state, created_at, domain))
    }

    fn new(
        id: LinkId,
        details: Details,
        state: &'static str,
        created_at: Timestamp,
        domain: &Domain,
    ) -> Self {
        let Details {
            domain: host,
            own_domain: _,
            slug,
            former_slugs,
            route,
            label,
        } = details;
        let Label { title, tags, notes } = label;
        let Route {
            target,
            status,
            forward_query,
            utm,
            rules,
            expires_at,
            expired_target,
            max_clicks,
            password_hash,
        } = route;
        Self {
            id,
            short_url: domain.short_url(&host, &slug),
            slug,
            former_slugs,
            domain: host,
            target,
            status,
            forward_query,
            utm,
            rules,
            expires_at,
            expired_target,
            max_clicks,
            has_password: password_hash.is_some(),
            title,
            tags,
            notes,
            state,
            created_at,
        }
    }
}
