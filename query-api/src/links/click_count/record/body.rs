//! A raw click, as it is told.

use events::Timestamp;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// A click, as it is stored.
pub(in super::super) struct Row {
    pub(super) click_id: Uuid,
    pub(super) link_id: Uuid,
    pub(super) slug: String,
    pub(super) occurred_at: OffsetDateTime,
    pub(super) sequence: i64,
    pub(super) ordinal: i32,
    pub(super) visitor: Option<i64>,
    pub(super) network: Option<i64>,
    pub(super) variant: Option<i16>,
    pub(super) is_bot: bool,
    pub(super) country: Option<String>,
    pub(super) city: Option<String>,
    pub(super) referrer: Option<String>,
    pub(super) browser: Option<String>,
    pub(super) os: Option<String>,
    pub(super) device: Option<String>,
    pub(super) utm_source: Option<String>,
    pub(super) utm_medium: Option<String>,
    pub(super) utm_campaign: Option<String>,
    pub(super) rule: Option<String>,
    pub(super) is_excluded: bool,
}

/// One opening of a link; what isn't known is `null`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Click)]
pub(crate) struct ClickBody {
    pub(super) id: Uuid,
    pub(super) link_id: Uuid,
    /// The link's slug at that moment.
    pub(super) slug: String,
    #[schema(value_type = String, format = DateTime)]
    pub(super) occurred_at: Timestamp,
    /// ISO 3166-1 alpha-2.
    pub(super) country: Option<String>,
    pub(super) city: Option<String>,
    /// The host of the page that the visitor came from.
    pub(super) referrer: Option<String>,
    pub(super) browser: Option<String>,
    pub(super) os: Option<String>,
    pub(super) device: Option<String>,
    pub(super) is_bot: bool,
    /// The same for the clicks of one visitor on one day, in one workspace, and nothing beyond that.
    pub(super) visitor: Option<String>,
    /// The same for the clicks from one range of addresses (a /24 of IPv4, a /48 of IPv6) on one day, in one workspace, and nothing beyond that.
    pub(super) network: Option<String>,
    /// The name of the rule that led the visitor.
    pub(super) rule: Option<String>,
    /// Which of the rule's targets it was, from 0, where there are several.
    pub(super) variant: Option<i16>,
    pub(super) utm_source: Option<String>,
    pub(super) utm_medium: Option<String>,
    pub(super) utm_campaign: Option<String>,
    /// Whether an exclusion means it, so that it is counted nowhere.
    pub(super) excluded: bool,
}

impl Row {
    /// The visitor's hash as its digits.
    pub(super) fn visitor(&self) -> Option<String> {
        self.visitor.map(|it| format!("{it:016x}"))
    }

    /// The network's hash as its digits.
    pub(super) fn network(&self) -> Option<String> {
        self.network.map(|it| format!("{it:016x}"))
    }
}

impl ClickBody {
    /// The names of the fields, in their order.
    pub(super) const FIELDS: [&str; 19] = [
        "id",
        "link_id",
        "slug",
        "occurred_at",
        "country",
        "city",
        "referrer",
        "browser",
        "os",
        "device",
        "is_bot",
        "visitor",
        "network",
        "rule",
        "variant",
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "excluded",
    ];
}

impl From<Row> for ClickBody {
    fn from(row: Row) -> Self {
        let (visitor, network) = (row.visitor(), row.network());
        Self {
            id: row.click_id,
            link_id: row.link_id,
            slug: row.slug,
            occurred_at: Timestamp::new(row.occurred_at),
            country: row.country,
            city: row.city,
            referrer: row.referrer,
            browser: row.browser,
            os: row.os,
            device: row.device,
            is_bot: row.is_bot,
            visitor,
            network,
            rule: row.rule,
            variant: row.variant,
            utm_source: row.utm_source,
            utm_medium: row.utm_medium,
            utm_campaign: row.utm_campaign,
            excluded: row.is_excluded,
        }
    }
}
