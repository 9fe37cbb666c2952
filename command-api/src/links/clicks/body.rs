//! What a server reports of clicks.
//!
//! Addresses and user agents are not serialised with the rest: what is kept of a request with a key must not tell of them.

use std::borrow::Cow;
use std::net::IpAddr;

use events::{Timestamp, borrowed};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// For what is always left out. With `skip_serializing` the API's description would leave it out, too.
const fn is_hidden<T>(_: &T) -> bool {
    true
}

/// One click; or several as `clicks`, and nothing beside them.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClicksBody)]
pub(super) struct ReportBody<'b> {
    /// 1 to 1,000 clicks, in any order.
    #[schema(min_items = 1, max_items = 1000)]
    #[serde(borrow)]
    pub(super) clicks: Option<Vec<ClickBody<'b>>>,
    // The fields of one click: flattened they would be buffered, and unknown ones not be noticed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) occurred_at: Option<Timestamp>,
    #[serde(default, borrow, deserialize_with = "borrowed")]
    #[schema(value_type = Option<String>)]
    pub(super) referrer: Option<Cow<'b, str>>,
    #[serde(
        default,
        borrow,
        deserialize_with = "borrowed",
        skip_serializing_if = "is_hidden"
    )]
    #[schema(value_type = Option<String>)]
    pub(super) user_agent: Option<Cow<'b, str>>,
    #[serde(skip_serializing_if = "is_hidden")]
    #[schema(value_type = Option<String>)]
    pub(super) ip: Option<IpAddr>,
    #[serde(default, borrow, deserialize_with = "borrowed")]
    #[schema(value_type = Option<String>)]
    pub(super) country: Option<Cow<'b, str>>,
    #[serde(default, borrow, deserialize_with = "borrowed")]
    #[schema(value_type = Option<String>)]
    pub(super) utm_source: Option<Cow<'b, str>>,
    #[serde(default, borrow, deserialize_with = "borrowed")]
    #[schema(value_type = Option<String>)]
    pub(super) utm_medium: Option<Cow<'b, str>>,
    #[serde(default, borrow, deserialize_with = "borrowed")]
    #[schema(value_type = Option<String>)]
    pub(super) utm_campaign: Option<Cow<'b, str>>,
}

/// One click, as the server that answered it saw it.
#[derive(Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReportedClick)]
pub(super) struct ClickBody<'b> {
    /// When the link was opened: at most three years ago; now if it isn't said.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) occurred_at: Option<Timestamp>,
    /// The address of the page the visitor came from; its host is kept, if it has one.
    #[serde(default, borrow, deserialize_with = "borrowed")]
    #[schema(value_type = Option<String>)]
    pub(super) referrer: Option<Cow<'b, str>>,
    /// The visitor's `User-Agent`; browser, system and device are kept, and whether it is a bot. Without it the click counts as a person's.
    #[serde(
        default,
        borrow,
        deserialize_with = "borrowed",
        skip_serializing_if = "is_hidden"
    )]
    #[schema(value_type = Option<String>)]
    pub(super) user_agent: Option<Cow<'b, str>>,
    /// The visitor's address; what country it is in and the day's hashes of the visitor and of the network are kept.
    #[serde(skip_serializing_if = "is_hidden")]
    #[schema(value_type = Option<String>)]
    pub(super) ip: Option<IpAddr>,
    /// ISO 3166-1 alpha-2; if it isn't said, the address tells it.
    #[schema(min_length = 2, max_length = 2, example = "NP")]
    #[serde(default, borrow, deserialize_with = "borrowed")]
    #[schema(value_type = Option<String>)]
    pub(super) country: Option<Cow<'b, str>>,
    /// `utm_source` of the request.
    #[schema(max_length = 128)]
    #[serde(default, borrow, deserialize_with = "borrowed")]
    #[schema(value_type = Option<String>)]
    pub(super) utm_source: Option<Cow<'b, str>>,
    /// `utm_medium` of the request.
    #[schema(max_length = 128)]
    #[serde(default, borrow, deserialize_with = "borrowed")]
    #[schema(value_type = Option<String>)]
    pub(super) utm_medium: Option<Cow<'b, str>>,
    /// `utm_campaign` of the request.
    #[schema(max_length = 128)]
    #[serde(default, borrow, deserialize_with = "borrowed")]
    #[schema(value_type = Option<String>)]
    pub(super) utm_campaign: Option<Cow<'b, str>>,
}

impl<'b> ReportBody<'b> {
    /// What is not serialised with the rest, in the clicks' order.
    pub(super) fn hidden(&self) -> impl Serialize {
        let own = (self.ip, self.user_agent.as_deref());
        let listed = self.clicks.iter().flatten();
        let listed: Vec<_> = listed.map(|it| (it.ip, it.user_agent.as_deref())).collect();
        (own, listed)
    }

    /// The clicks, and whether they came as a list; `None` if there are some as a list and one beside it.
    pub(super) fn into_clicks(self) -> Option<(Vec<ClickBody<'b>>, bool)> {
        let one = ClickBody {
            occurred_at: self.occurred_at,
            referrer: self.referrer,
            user_agent: self.user_agent,
            ip: self.ip,
            country: self.country,
            utm_source: self.utm_source,
            utm_medium: self.utm_medium,
            utm_campaign: self.utm_campaign,
        };
        match self.clicks {
            None => Some((vec![one], false)),
            Some(clicks) => (one == ClickBody::default()).then_some((clicks, true)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use serde_json::{Value, json};
    use utoipa::PartialSchema;

    use super::{ClickBody, ReportBody};

    const CLICK: &str = r#"{
        "occurred_at": "2026-11-21T10:00:00Z", "referrer": "https://news.example", "user_agent": "curl/8",
        "ip": "192.0.2.1", "country": "NP", "utm_source": "a\"b", "utm_medium": null
    }"#;

    #[test]
    fn texts_are_copied_only_if_they_stand_otherwise_in_json() {
        let text = format!(r#"{{"clicks": [{CLICK}], "referrer": null}}"#);
        let body: ReportBody<'_> = serde_json::from_str(&text).unwrap();
        let (clicks, is_list) = body.into_clicks().unwrap();
        let [click] = &clicks[..] else {
            panic!("{}", clicks.len());
        };
        assert!(is_list);
        assert!(matches!(click.country, Some(Cow::Borrowed("NP"))));
        assert!(matches!(&click.utm_source, Some(Cow::Owned(it)) if it == "a\"b"));
        assert_eq!((&click.utm_medium, &click.utm_campaign), (&None, &None));
    }

    #[test]
    fn a_null_list_is_no_list() {
        let body: ReportBody<'_> = serde_json::from_str(r#"{"clicks": null}"#).unwrap();
        let (clicks, is_list) = body.into_clicks().unwrap();
        assert_eq!((clicks.len(), is_list), (1, false));
    }

    #[test]
    fn what_is_kept_of_a_request_tells_neither_address_nor_user_agent() {
        let text = format!(r#"{{"clicks": [{CLICK}], "ip": "192.0.2.2", "user_agent": "wget"}}"#);
        let body: ReportBody<'_> = serde_json::from_str(&text).unwrap();
        let kept = serde_json::to_string(&body).unwrap();
        for hidden in ["192.0.2", "curl", "wget"] {
            assert!(!kept.contains(hidden), "{hidden}");
        }
    }

    #[test]
    fn the_description_has_all_that_may_be_sent() {
        let described = |schema: Value| -> Vec<String> {
            let properties = schema.get("properties").and_then(Value::as_object).cloned();
            properties
                .unwrap_or_default()
                .into_iter()
                .map(|(name, _)| name)
                .collect()
        };
        let click = described(json!(ClickBody::schema()));
        let report = described(json!(ReportBody::schema()));
        for name in [
            "occurred_at",
            "referrer",
            "user_agent",
            "ip",
            "country",
            "utm_source",
            "utm_medium",
            "utm_campaign",
        ] {
            assert!(click.iter().any(|it| it == name), "{name}");
            assert!(report.iter().any(|it| it == name), "{name}");
        }
    }
}
