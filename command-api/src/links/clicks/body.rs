//! What a server reports of clicks.
//!
//! Addresses and user agents are not serialised with the rest: what is kept of a request with a key must not tell of them.

use events::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use utoipa::ToSchema;

/// One click; or several as `clicks`, and nothing beside them.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClicksBody)]
pub(super) struct ReportBody {
    /// 1 to 1,000 clicks, in any order.
    #[schema(min_items = 1, max_items = 1000)]
    pub(super) clicks: Option<Vec<ClickBody>>,
    // The fields of one click: flattened they would be buffered, and unknown ones not be noticed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) occurred_at: Option<Timestamp>,
    pub(super) referrer: Option<String>,
    #[serde(skip_serializing)]
    pub(super) user_agent: Option<String>,
    #[serde(skip_serializing)]
    #[schema(value_type = Option<String>)]
    pub(super) ip: Option<IpAddr>,
    pub(super) country: Option<String>,
    pub(super) utm_source: Option<String>,
    pub(super) utm_medium: Option<String>,
    pub(super) utm_campaign: Option<String>,
}

/// One click, as the server that answered it saw it.
#[derive(Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReportedClick)]
pub(super) struct ClickBody {
    /// When the link was opened: at most three years ago; now if it isn't said.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) occurred_at: Option<Timestamp>,
    /// The address of the page the visitor came from; its host is kept, if it has one.
    pub(super) referrer: Option<String>,
    /// The visitor's `User-Agent`; browser, system and device are kept, and whether it is a bot. Without it the click counts as a person's.
    #[serde(skip_serializing)]
    pub(super) user_agent: Option<String>,
    /// The visitor's address; what country it is in and the day's hashes of the visitor and of the network are kept.
    #[serde(skip_serializing)]
    #[schema(value_type = Option<String>)]
    pub(super) ip: Option<IpAddr>,
    /// ISO 3166-1 alpha-2; if it isn't said, the address tells it.
    #[schema(min_length = 2, max_length = 2, example = "NP")]
    pub(super) country: Option<String>,
    /// `utm_source` of the request.
    #[schema(max_length = 128)]
    pub(super) utm_source: Option<String>,
    /// `utm_medium` of the request.
    #[schema(max_length = 128)]
    pub(super) utm_medium: Option<String>,
    /// `utm_campaign` of the request.
    #[schema(max_length = 128)]
    pub(super) utm_campaign: Option<String>,
}

impl ReportBody {
    /// What is not serialised with the rest, in the clicks' order.
    pub(super) fn hidden(&self) -> impl Serialize {
        let own = (self.ip, self.user_agent.as_deref());
        let listed = self.clicks.iter().flatten();
        let listed: Vec<_> = listed.map(|it| (it.ip, it.user_agent.as_deref())).collect();
        (own, listed)
    }

    /// The clicks, and whether they came as a list; `None` if there are some as a list and one beside it.
    pub(super) fn into_clicks(self) -> Option<(Vec<ClickBody>, bool)> {
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
