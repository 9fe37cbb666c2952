//! What is kept of a reported click: neither the visitor's address nor the user agent's text.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use events::links::{Click, ClickEvent};
use events::{ClickId, Timestamp, WorkspaceId};
use service::body::Faults;
use service::world;

use super::body::ClickBody;
use crate::agents::Agent;
use crate::app::App;
use crate::geo::{Spot, is_country};
use crate::links::redirect::{Destination, Visitor, host_of, spot, tag};

/// How long ago a click may be: each month of clicks has a table of its own.
const AGE_MAX: Duration = Duration::from_hours(3 * 366 * 24);
/// How far another server's clock may be ahead.
const AHEAD_MAX: Duration = Duration::from_mins(1);
const TEXT_BYTES_MAX: usize = 2_048;

/// A click, and what was found out about it.
pub(super) struct Seen {
    time: Timestamp,
    body: ClickBody,
    agent: Arc<Agent>,
    visitor: Option<Visitor>,
}

impl Seen {
    /// Finds out what is kept, or every fault.
    pub(super) fn of(
        app: &App,
        workspace: WorkspaceId,
        body: ClickBody,
        now: Timestamp,
        faults: &mut Faults,
    ) -> Self {
        check(&body, now, faults);
        let time = body.occurred_at.unwrap_or(now);
        let text = body.user_agent.as_deref();
        let agent = text.map(|it| app.agents.know_text(it)).unwrap_or_default();
        let address = body.ip.filter(|_| !agent.is_bot);
        let visitor = address.and_then(|address| {
            let text = text.unwrap_or_default().as_bytes();
            Visitor::of(&app.salts, time, workspace, address, text)
        });
        Self {
            time,
            body,
            agent,
            visitor,
        }
    }

    pub(super) fn event<'c>(
        &'c self,
        app: &'c App,
        destination: &'c Destination,
    ) -> ClickEvent<'c> {
        let found = self.body.ip.map(|it| app.geo.find(it)).unwrap_or_default();
        let Spot { country, city } = spot(found, self.body.country.as_deref(), false);
        let agent = &*self.agent;
        let utm = |text: &'c Option<String>| tag(Cow::Borrowed(text.as_deref()?));
        let click = Click {
            link_id: destination.link,
            slug: Cow::Borrowed(&destination.slug),
            country: country.map(Cow::Borrowed),
            referrer: self.body.referrer.as_deref().and_then(host_of),
            browser: agent.browser.as_deref().map(Cow::Borrowed),
            os: agent.os.as_deref().map(Cow::Borrowed),
            device: agent.device.map(Cow::Borrowed),
            is_bot: agent.is_bot,
            city: city.map(Cow::Borrowed),
            visitor: self.visitor.as_ref().map(|it| it.as_str().into()),
            rule: None,
            variant: None,
            utm_source: utm(&self.body.utm_source),
            utm_medium: utm(&self.body.utm_medium),
            utm_campaign: utm(&self.body.utm_campaign),
        };
        ClickEvent::new(ClickId::new(world::new_id()), self.time, click)
    }
}

fn check(body: &ClickBody, now: Timestamp, faults: &mut Faults) {
    if let Some(time) = body.occurred_at {
        if time.odt() > now.odt() + AHEAD_MAX {
            faults.add("/occurred_at", "is in the future");
        } else if time.odt() < now.odt() - AGE_MAX {
            faults.add("/occurred_at", "is more than three years ago");
        }
    }
    if !body.country.as_deref().is_none_or(is_country) {
        faults.add("/country", "is no code of ISO 3166-1 alpha-2 in upper case");
    }
    for (pointer, text) in [
        ("/referrer", &body.referrer),
        ("/user_agent", &body.user_agent),
        ("/utm_source", &body.utm_source),
        ("/utm_medium", &body.utm_medium),
        ("/utm_campaign", &body.utm_campaign),
    ] {
        if text.as_ref().is_some_and(|it| it.len() > TEXT_BYTES_MAX) {
            let fault = format!("must have at most {TEXT_BYTES_MAX} bytes");
            faults.add(pointer, fault);
        }
    }
    let referrer = body.referrer.as_deref();
    if referrer.is_some_and(|it| host_of(it).is_none()) {
        faults.add(
            "/referrer",
            "is no address of a page: it begins with http:// or https://",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{ClickBody, Faults, check};

    fn faults(body: serde_json::Value) -> Vec<String> {
        let body: ClickBody = serde_json::from_value(body).unwrap();
        let mut faults = Faults::default();
        check(&body, "2026-11-21T10:00:00Z".parse().unwrap(), &mut faults);
        faults
            .into_list()
            .into_iter()
            .map(|it| it.pointer)
            .collect()
    }

    #[test]
    fn a_click_of_a_server_whose_clock_is_a_little_ahead_is_taken() {
        let body = serde_json::json!({ "occurred_at": "2026-11-21T10:00:59Z", "country": "NP" });
        assert!(faults(body).is_empty());
    }

    #[test]
    fn every_fault_is_told() {
        let body = serde_json::json!({
            "occurred_at": "2026-11-21T10:01:01Z",
            "country": "np",
            "referrer": "news.example",
            "user_agent": "x".repeat(2_049),
        });
        assert_eq!(
            faults(body),
            ["/occurred_at", "/country", "/user_agent", "/referrer"]
        );
    }

    #[test]
    fn a_click_of_long_ago_is_refused() {
        let body = serde_json::json!({ "occurred_at": "2020-01-01T00:00:00Z" });
        assert_eq!(faults(body), ["/occurred_at"]);
    }
}
