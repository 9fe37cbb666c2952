//! Things that happened to a link, for the specs of its commands.

use events::links::{Label, LinkEvent, Route, Utm};

pub(crate) const DOMAIN: &str = "go.example";
pub(crate) const SLUG: &str = "spring";

pub(crate) fn route(target: &str) -> Route {
    Route {
        target: target.to_owned(),
        status: 302,
        forward_query: false,
        utm: Utm::default(),
        rules: Vec::new(),
        expires_at: None,
        expired_target: None,
        max_clicks: None,
        password_hash: None,
    }
}

pub(crate) fn label() -> Label {
    Label {
        title: Some("Spring sale".to_owned()),
        ..Label::default()
    }
}

pub(crate) fn shortened() -> LinkEvent {
    LinkEvent::Shortened {
        domain: DOMAIN.to_owned(),
        own_domain: None,
        slug: SLUG.to_owned(),
        route: route("https://shop.example/"),
        label: label(),
    }
}

pub(crate) fn archived() -> LinkEvent {
    LinkEvent::Archived {
        slug: SLUG.to_owned(),
    }
}

pub(crate) fn restored() -> LinkEvent {
    LinkEvent::Restored {
        slug: SLUG.to_owned(),
    }
}

pub(crate) fn renamed(slug: &str, former_slugs: &[&str]) -> LinkEvent {
    LinkEvent::Renamed {
        slug: slug.to_owned(),
        former_slugs: former_slugs.iter().map(|it| (*it).to_owned()).collect(),
    }
}
