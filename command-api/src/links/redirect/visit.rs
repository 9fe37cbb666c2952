//! A visit: what is kept of a request, and what is not.

use std::borrow::Cow;
use std::net::IpAddr;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use events::Timestamp;
use events::links::Click;
use url::form_urlencoded;

use super::Destination;
use super::choice::{Choice, Facts};
use super::network::Network;
use super::visitor::{self, SeenBy, Visitor};
use crate::agents::Agent;
use crate::app::App;
use crate::geo::{Spot, is_country};

/// Longer values of a query are cut.
const UTM_BYTES_MAX: usize = 128;
/// Languages of a header that are looked at.
const LANGUAGES_MAX: usize = 10;
/// The longest host name (RFC 1035, section 2.3.4).
const HOST_BYTES_MAX: usize = 253;

static SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
static PURPOSE: HeaderName = HeaderName::from_static("purpose");
/// Where well-known proxies say which country a visitor is in.
static COUNTRY_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("cf-ipcountry"),
    HeaderName::from_static("cloudfront-viewer-country"),
    HeaderName::from_static("x-vercel-ip-country"),
];

/// A request for a link, on its way to becoming a click.
pub(super) struct Visit<'a> {
    headers: &'a HeaderMap,
    query: Option<&'a str>,
    agent: &'a Agent,
    spot: Spot<'a>,
    /// None for bots, for who wants to be left alone, and while there is no salt.
    visitor: Option<Visitor>,
    /// None for who wants to be left alone, and while there is no salt; bots have one.
    network: Option<Network>,
}

/// Whether somebody opens the link, rather than looks (HEAD) or fetches ahead (`Sec-Purpose: prefetch`).
pub(super) fn is_counted(method: &Method, headers: &HeaderMap) -> bool {
    let is_ahead = |name: &HeaderName| {
        headers
            .get(name)
            .is_some_and(|value| value.as_bytes().starts_with(b"prefetch"))
    };
    method == Method::GET && !is_ahead(&SEC_PURPOSE) && !is_ahead(&PURPOSE)
}

impl<'a> Visit<'a> {
    /// Looks up where and who the visitor is, if anybody will ask: of a visit that isn't counted only rules do.
    pub(super) fn new(
        app: &'a App,
        request: &'a Parts,
        peer: IpAddr,
        agent: &'a Agent,
        destination: &Destination,
        time: Timestamp,
    ) -> Self {
        let headers = &request.headers;
        let mut visit = Self {
            headers,
            query: request.uri.query(),
            agent,
            spot: Spot::default(),
            visitor: None,
            network: None,
        };
        if !is_counted(&request.method, headers) && destination.rules.is_empty() {
            return visit;
        }
        let address = app.trusted_proxies.client_behind(peer, headers);
        let said = country(headers).filter(|_| app.trusted_proxies.contains(peer));
        let is_shy = visitor::is_shy(headers);
        visit.spot = spot(app.geo.find(address), said, is_shy);
        if is_shy {
            return visit;
        }
        let (salts, workspace, by) = (&app.salts, destination.workspace, SeenBy::Redirect);
        visit.network = Network::of(salts, time, workspace, address, by);
        if !agent.is_bot {
            let agent = headers.get(header::USER_AGENT);
            let agent = agent.map_or(&b""[..], HeaderValue::as_bytes);
            visit.visitor = Visitor::of(salts, time, workspace, address, agent, by);
        }
        visit
    }

    /// What rules ask; of a link without rules nobody asks.
    pub(super) fn facts(&self, destination: &Destination, time: Timestamp) -> Facts<'a> {
        let has_rules = !destination.rules.is_empty();
        let draw = || {
            let visitor = self.visitor.as_ref();
            visitor.map_or_else(rand::random, |it| it.lot(destination.link))
        };
        Facts {
            country: self.spot.country,
            agent: self.agent,
            language: has_rules.then(|| language(self.headers)).flatten(),
            query: self.query,
            time,
            lot: if has_rules { draw() } else { 0 },
        }
    }

    /// What is kept: neither the visitor's address nor the user agent's text.
    pub(super) fn click<'c>(
        &'c self,
        destination: &'c Destination,
        choice: &Choice<'c>,
    ) -> Click<'c> {
        let mut click = Click {
            link_id: destination.link,
            slug: Cow::Borrowed(&destination.slug),
            country: self.spot.country.map(Cow::Borrowed),
            referrer: self.referrer(),
            browser: self.agent.browser.as_deref().map(Cow::Borrowed),
            os: self.agent.os.as_deref().map(Cow::Borrowed),
            device: self.agent.device.map(Cow::Borrowed),
            is_bot: self.agent.is_bot,
            city: self.spot.city.map(Cow::Borrowed),
            visitor: self.visitor.as_ref().map(|it| it.as_str().into()),
            network: self.network.as_ref().map(|it| it.as_str().into()),
            rule: choice.rule.map(Cow::Borrowed),
            variant: choice.variant,
            utm_source: None,
            utm_medium: None,
            utm_campaign: None,
        };
        for (name, value) in form_urlencoded::parse(self.query.unwrap_or_default().as_bytes()) {
            match &*name {
                "utm_source" => click.utm_source = tag(value),
                "utm_medium" => click.utm_medium = tag(value),
                "utm_campaign" => click.utm_campaign = tag(value),
                _ => {}
            }
        }
        click
    }

    /// The host alone: the rest of the address is the visitor's business.
    fn referrer(&self) -> Option<Cow<'a, str>> {
        host_of(self.headers.get(header::REFERER)?.to_str().ok()?)
    }
}

/// The host of a page's address, lower case.
pub(in crate::links) fn host_of(address: &str) -> Option<Cow<'_, str>> {
    let rest = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))?;
    let is_end = |byte| matches!(byte, b'/' | b'?' | b'#');
    let authority = rest.get(..rest.bytes().position(is_end).unwrap_or(rest.len()))?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    if host.is_empty() || host.len() > HOST_BYTES_MAX {
        return None;
    }
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some(Cow::Owned(host.to_ascii_lowercase()));
    }
    Some(Cow::Borrowed(host))
}

/// The country that a proxy tells.
fn country(headers: &HeaderMap) -> Option<&str> {
    let said = COUNTRY_HEADERS
        .iter()
        .find_map(|name| headers.get(name))?
        .to_str()
        .ok()?;
    // Cloudflare says XX for unknown and T1 for Tor.
    (is_country(said) && said != "XX").then_some(said)
}

/// Where a visitor is, as somebody says and the file tells it; a city tells more than who wants to be left alone likes.
pub(in crate::links) fn spot<'a>(found: Spot<'a>, said: Option<&'a str>, is_shy: bool) -> Spot<'a> {
    let country = said.or(found.country);
    // Where the proxy knows better, the file's city is in the wrong country.
    let city = found.city.filter(|_| country == found.country && !is_shy);
    Spot { country, city }
}

/// The language that the visitor likes best, without its region (RFC 9110, section 12.5.4).
fn language(headers: &HeaderMap) -> Option<&str> {
    let said = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let liked = said.split(',').take(LANGUAGES_MAX).filter_map(|range| {
        let (tag, rest) = range.split_once(';').unwrap_or((range, ""));
        let weight = rest
            .trim()
            .strip_prefix("q=")
            .map_or(Some(1.0), |it| it.parse::<f32>().ok());
        let language = tag.trim().split('-').next().unwrap_or_default();
        Some((language, weight.filter(|it| *it > 0.0)?))
    });
    // The first of those that are liked alike.
    let best = liked.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map(|(language, _)| language)
        .filter(|it| !it.is_empty() && *it != "*")
}

/// A value that can be stored and shown: cut, and without control characters.
pub(in crate::links) fn tag(value: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let is_clean = !value.chars().any(char::is_control) && value.len() <= UTM_BYTES_MAX;
    let tag = if is_clean {
        value
    } else {
        let end = value.floor_char_boundary(UTM_BYTES_MAX);
        value
            .get(..end)?
            .chars()
            .filter(|c| !c.is_control())
            .collect::<String>()
            .into()
    };
    (!tag.is_empty()).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::super::choice::choose;
    use super::{Destination, Visit, country, is_counted, language, spot};
    use crate::agents::Agent;
    use crate::geo::Spot;
    use crate::links::link::samples::shortened;
    use crate::links::target::Blocklist;
    use axum::http::{HeaderMap, HeaderValue, Method};
    use events::{LinkId, Subject, WorkspaceId};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn destination() -> Destination {
        let subject = Subject::Link(
            WorkspaceId::new(Uuid::from_u128(1)),
            LinkId::new(Uuid::from_u128(2)),
        );
        Destination::of(&subject, &[shortened()], &Blocklist::default()).unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    fn click_json(headers: &HeaderMap, query: Option<&str>) -> serde_json::Value {
        let agent = Agent::default();
        let visit = Visit {
            headers,
            query,
            agent: &agent,
            spot: Spot::default(),
            visitor: None,
            network: None,
        };
        let destination = destination();
        let time = "2026-11-21T10:00:00Z".parse().unwrap();
        let choice = choose(&destination, &visit.facts(&destination, time));
        serde_json::to_value(visit.click(&destination, &choice)).unwrap()
    }

    #[test]
    fn looking_and_fetching_ahead_are_not_counted() {
        assert!(is_counted(&Method::GET, &headers(&[])));
        assert!(!is_counted(&Method::HEAD, &headers(&[])));
        assert!(!is_counted(
            &Method::GET,
            &headers(&[("sec-purpose", "prefetch;prerender")])
        ));
        assert!(!is_counted(
            &Method::GET,
            &headers(&[("purpose", "prefetch")])
        ));
    }

    #[test]
    fn of_the_referrer_only_the_host_is_kept() {
        for (said, kept) in [
            ("https://News.Example/a?token=secret", Some("news.example")),
            ("http://user:pass@news.example:8080", Some("news.example")),
            ("https://", None),
            ("android-app://x", None),
            ("news.example", None),
        ] {
            let click = click_json(&headers(&[("referer", said)]), None);
            assert_eq!(
                click.get("referrer").and_then(|it| it.as_str()),
                kept,
                "{said}"
            );
        }
    }

    #[test]
    fn a_country_is_two_letters_and_known() {
        for (said, taken) in [
            ("NP", Some("NP")),
            ("XX", None),
            ("T1", None),
            ("np", None),
            ("Nepal", None),
        ] {
            let headers = headers(&[("cf-ipcountry", said)]);
            assert_eq!(country(&headers), taken, "{said}");
        }
    }

    #[test]
    fn the_proxys_country_wins_and_the_city_must_be_in_it() {
        let found = Spot {
            country: Some("SE"),
            city: Some("Linköping"),
        };
        for (said, is_shy, country, city) in [
            (None, false, Some("SE"), Some("Linköping")),
            (Some("SE"), false, Some("SE"), Some("Linköping")),
            (Some("NO"), false, Some("NO"), None),
            (None, true, Some("SE"), None),
        ] {
            assert_eq!(spot(found, said, is_shy), Spot { country, city });
        }
        let unknown = spot(Spot::default(), Some("NO"), false).country;
        assert_eq!(unknown, Some("NO"));
    }

    #[test]
    fn the_language_is_the_one_that_is_liked_best() {
        for (said, best) in [
            ("ne", Some("ne")),
            ("de-CH, fr;q=0.9", Some("de")),
            ("de;q=0.5, fr ;q=0.9, it;q=0.9", Some("fr")),
            ("de;q=0, fr;q=0.1", Some("fr")),
            ("*", None),
            ("", None),
            ("de;q=x", None),
        ] {
            let headers = headers(&[("accept-language", said)]);
            assert_eq!(language(&headers), best, "{said}");
        }
    }

    #[test]
    fn campaigns_are_decoded_cut_and_cleaned() {
        let query = format!(
            "x=1&utm_source=a%20b&utm_medium=%00&utm_campaign={}",
            "%C3%BC".repeat(200)
        );
        let click = click_json(&headers(&[]), Some(&query));
        assert_eq!(click["utm_source"], "a b");
        assert!(click.get("utm_medium").is_none());
        assert_eq!(click["utm_campaign"], "ü".repeat(64));
    }

    proptest! {
        #[test]
        fn no_request_makes_it_fall_over(query: String, referer in "[ -~]{0,80}") {
            click_json(&headers(&[("referer", &referer)]), Some(&query));
        }
    }
}
