//! What is kept of a reported click: neither the visitor's address nor the user agent's text.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use events::links::{Click, ClickEvent};
use events::{ClickId, Timestamp, WorkspaceId};
use service::body::Faults;
use uuid::Uuid;

use super::body::ClickBody;
use crate::agents::Agent;
use crate::app::App;
use crate::geo::{Spot, parse_country};
use crate::links::redirect::{Destination, Network, SeenBy, Visitor, host_of, spot, tag};

/// How long ago a click may be: each month of clicks has a table of its own.
const AGE_MAX: Duration = Duration::from_hours(3 * 366 * 24);
/// How far another server's clock may be ahead.
const AHEAD_MAX: Duration = Duration::from_mins(1);

/// A click, and what was found out about it.
pub(super) struct Seen<'b> {
    time: Timestamp,
    /// As the server says.
    country: Option<Cow<'b, str>>,
    body: ClickBody<'b>,
    agent: Arc<Agent>,
    visitor: Option<Visitor>,
    network: Option<Network>,
}

impl<'b> Seen<'b> {
    /// Finds out what is kept, or every fault.
    pub(super) fn of(
        app: &App,
        workspace: WorkspaceId,
        mut body: ClickBody<'b>,
        now: Timestamp,
        faults: &mut Faults,
    ) -> Self {
        let (time, country) = parse(&mut body, now, faults);
        let text = body.user_agent.as_deref().filter(|it| !it.is_empty());
        let agent = text.map(|it| app.agents.know_text(it)).unwrap_or_default();
        let (salts, by) = (&app.salts, SeenBy::Report);
        let network = body
            .ip
            .and_then(|address| Network::of(salts, time, workspace, address, by));
        let address = body.ip.filter(|_| !agent.is_bot);
        let visitor = address.and_then(|address| {
            let text = text.unwrap_or_default().as_bytes();
            Visitor::of(salts, time, workspace, address, text, by)
        });
        Self {
            time,
            country,
            body,
            agent,
            visitor,
            network,
        }
    }

    pub(super) fn event<'c>(
        &'c self,
        app: &'c App,
        destination: &'c Destination,
        id: Uuid,
    ) -> ClickEvent<'c> {
        let found = self.body.ip.map(|it| app.geo.find(it)).unwrap_or_default();
        let Spot { country, city } = spot(found, self.country.as_deref(), false);
        let agent = &*self.agent;
        let utm = |text: &'c Option<Cow<'_, str>>| tag(Cow::Borrowed(text.as_deref()?));
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
            network: self.network.as_ref().map(|it| it.as_str().into()),
            rule: None,
            variant: None,
            utm_source: utm(&self.body.utm_source),
            utm_medium: utm(&self.body.utm_medium),
            utm_campaign: utm(&self.body.utm_campaign),
        };
        ClickEvent::new(ClickId::new(id), self.time, click)
    }
}

/// When it was, and where, as the server says.
fn parse<'b>(
    body: &mut ClickBody<'b>,
    now: Timestamp,
    faults: &mut Faults,
) -> (Timestamp, Option<Cow<'b, str>>) {
    let time = body.occurred_at.unwrap_or(now);
    if time.odt() > now.odt() + AHEAD_MAX {
        faults.add("/occurred_at", "is in the future");
    } else if time.odt() < now.odt() - AGE_MAX {
        faults.add("/occurred_at", "is more than three years ago");
    }
    let country = body.country.take().map(parse_country).transpose();
    (time, faults.take("/country", country).flatten())
}

#[cfg(test)]
mod tests {
    use super::{ClickBody, Faults, parse};

    fn faults(body: &serde_json::Value) -> Vec<String> {
        let text = body.to_string();
        let mut body: ClickBody<'_> = serde_json::from_str(&text).unwrap();
        let mut faults = Faults::default();
        parse(
            &mut body,
            "2026-11-21T10:00:00Z".parse().unwrap(),
            &mut faults,
        );
        faults
            .into_list()
            .into_iter()
            .map(|it| it.pointer)
            .collect()
    }

    #[test]
    fn a_click_of_a_server_whose_clock_is_a_little_ahead_is_taken() {
        let body = serde_json::json!({ "occurred_at": "2026-11-21T10:00:59Z", "country": "NP" });
        assert!(faults(&body).is_empty());
    }

    #[test]
    fn every_fault_is_told() {
        let body = serde_json::json!({
            "occurred_at": "2026-11-21T10:01:01Z",
            "country": "npl",
            // What a visitor's browser says spoils nothing.
            "referrer": "android-app://com.example",
            "user_agent": "x".repeat(9_999),
        });
        assert_eq!(faults(&body), ["/occurred_at", "/country"]);
    }

    #[test]
    fn a_click_of_long_ago_is_refused() {
        let body = serde_json::json!({ "occurred_at": "2020-01-01T00:00:00Z" });
        assert_eq!(faults(&body), ["/occurred_at"]);
    }
}
