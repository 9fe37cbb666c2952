//! What a server reports of clicks.
//!
//! Addresses and user agents are not serialised with the rest: what is kept of a request with a key must not tell of them.

use std::borrow::Cow;
use std::net::IpAddr;

use events::{Timestamp, borrowed};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
    #[serde(default, borrow, deserialize_with = "borrowed", skip_serializing)]
    #[schema(value_type = Option<String>)]
    pub(super) user_agent: Option<Cow<'b, str>>,
    #[serde(skip_serializing)]
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
    #[serde(default, borrow, deserialize_with = "borrowed", skip_serializing)]
    #[schema(value_type = Option<String>)]
    pub(super) user_agent: Option<Cow<'b, str>>,
    /// The visitor's address; what country it is in and the day's hashes of the visitor and of the network are kept.
    #[serde(skip_serializing)]
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
