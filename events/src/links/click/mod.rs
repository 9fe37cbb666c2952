//! Clicks: what is kept of a visit, and the batch that carries many of them in one message.

mod json;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ClickId, DecodeError, LinkId, SOURCE, Timestamp, borrowed};

/// One visit to a link: what is known of it without knowing who it was.
///
/// Neither the address nor the user agent of the visitor is ever part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Click<'a> {
    /// The link that was opened.
    pub link_id: LinkId,
    /// Its slug at that moment.
    #[serde(borrow)]
    pub slug: Cow<'a, str>,
    /// ISO 3166-1 alpha-2, upper case.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        borrow,
        deserialize_with = "borrowed"
    )]
    pub country: Option<Cow<'a, str>>,
    /// The host of the page the visitor came from, lower case.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        borrow,
        deserialize_with = "borrowed"
    )]
    pub referrer: Option<Cow<'a, str>>,
    /// The browser's name.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        borrow,
        deserialize_with = "borrowed"
    )]
    pub browser: Option<Cow<'a, str>>,
    /// The operating system's name.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        borrow,
        deserialize_with = "borrowed"
    )]
    pub os: Option<Cow<'a, str>>,
    /// `desktop`, `mobile` or `other`.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        borrow,
        deserialize_with = "borrowed"
    )]
    pub device: Option<Cow<'a, str>>,
    /// Whether a program that says so itself opened the link.
    pub is_bot: bool,
    /// The name of the city, in English.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        borrow,
        deserialize_with = "borrowed"
    )]
    pub city: Option<Cow<'a, str>>,
    /// The same for the clicks of one visitor on one day, in one workspace, and nothing beyond that: 16 hexadecimal digits.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        borrow,
        deserialize_with = "borrowed"
    )]
    pub visitor: Option<Cow<'a, str>>,
    /// The same for the clicks from one range of addresses (a /24 of IPv4, a /48 of IPv6) on one day, in one workspace,
    /// and nothing beyond that: 16 hexadecimal digits.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        borrow,
        deserialize_with = "borrowed"
    )]
    pub network: Option<Cow<'a, str>>,
    /// The name of the rule that led the visitor.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        borrow,
        deserialize_with = "borrowed"
    )]
    pub rule: Option<Cow<'a, str>>,
    /// Which of the rule's targets it was, from 0, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<u8>,
    /// `utm_source` of the request.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        borrow,
        deserialize_with = "borrowed"
    )]
    pub utm_source: Option<Cow<'a, str>>,
    /// `utm_medium` of the request.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        borrow,
        deserialize_with = "borrowed"
    )]
    pub utm_medium: Option<Cow<'a, str>>,
    /// `utm_campaign` of the request.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        borrow,
        deserialize_with = "borrowed"
    )]
    pub utm_campaign: Option<Cow<'a, str>>,
}

impl<'a> Click<'a> {
    /// A person's click of which nothing more is known.
    #[must_use]
    pub fn of(link_id: LinkId, slug: impl Into<Cow<'a, str>>) -> Self {
        Self {
            link_id,
            slug: slug.into(),
            country: None,
            referrer: None,
            browser: None,
            os: None,
            device: None,
            is_bot: false,
            city: None,
            visitor: None,
            network: None,
            rule: None,
            variant: None,
            utm_source: None,
            utm_medium: None,
            utm_campaign: None,
        }
    }
}

/// One event of a batch: a whole `CloudEvent` in JSON, as the batched mode has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClickEvent<'a> {
    /// `1.0`
    #[serde(borrow)]
    specversion: Cow<'a, str>,
    /// Names the click.
    pub id: ClickId,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(rename = "type", borrow)]
    event_type: Cow<'a, str>,
    /// When the link was opened.
    pub time: Timestamp,
    /// What is kept of it.
    #[serde(borrow)]
    pub data: Click<'a>,
}

impl<'a> ClickEvent<'a> {
    /// What the event's type begins with, as [`DomainEvent::AGGREGATE`](crate::DomainEvent::AGGREGATE).
    pub const AGGREGATE: &'static str = "millrace.links.click";
    /// The type of the event, in the newest version.
    pub const EVENT_TYPE: &'static str = "millrace.links.click.recorded.v3";
    /// What it was called before it had a network, and before that a city, a visitor, a rule and a variant.
    const EARLIER_TYPES: [&'static str; 2] = [
        "millrace.links.click.recorded.v2",
        "millrace.links.click.recorded.v1",
    ];

    /// A click that just happened.
    #[must_use]
    pub const fn new(id: ClickId, time: Timestamp, data: Click<'a>) -> Self {
        Self {
            specversion: Cow::Borrowed("1.0"),
            id,
            source: Cow::Borrowed(SOURCE),
            event_type: Cow::Borrowed(Self::EVENT_TYPE),
            time,
            data,
        }
    }

    fn is_known(event_type: &str) -> bool {
        event_type == Self::EVENT_TYPE || Self::EARLIER_TYPES.contains(&event_type)
    }

    /// Reads a message's body: the clicks of one workspace, in the order in which they were packed.
    pub fn decode_batch(body: &'a [u8]) -> Result<Vec<Self>, DecodeError> {
        // What is a text as a whole need not be looked at again for each text in it.
        let read = str::from_utf8(body)
            .map_or_else(|_| serde_json::from_slice(body), serde_json::from_str);
        let events: Vec<Self> = read.map_err(|source| DecodeError::Data {
            event_type: Self::EVENT_TYPE.to_owned(),
            source,
        })?;
        match events
            .iter()
            .find(|event| !Self::is_known(&event.event_type))
        {
            None => Ok(events),
            Some(strange) => Err(DecodeError::UnknownType(
                strange.event_type.clone().into_owned(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{Click, ClickEvent};
    use crate::{ClickId, DecodeError, LinkId};
    use uuid::Uuid;

    fn click() -> ClickEvent<'static> {
        let data = Click {
            country: Some("NP".into()),
            browser: Some("Firefox".into()),
            device: Some("desktop".into()),
            ..Click::of(LinkId::new(Uuid::from_u128(7)), "spring \"sale\"")
        };
        let time = "2026-11-21T10:00:00Z".parse().unwrap();
        ClickEvent::new(ClickId::new(Uuid::from_u128(1)), time, data)
    }

    #[test]
    fn a_batch_is_read_as_it_was_written() {
        let body = serde_json::to_vec(&[click(), click()]).unwrap();
        assert_eq!(ClickEvent::decode_batch(&body).unwrap(), [click(), click()]);
    }

    #[test]
    fn texts_are_copied_only_if_they_stand_otherwise_in_json() {
        let mut click = click();
        click.data.city = Some("Saint \"Denis\"".into());
        let body = serde_json::to_vec(&[&click]).unwrap();
        let read = ClickEvent::decode_batch(&body).unwrap().remove(0);
        assert_eq!(read, click);
        assert!(matches!(read.data.country, Some(Cow::Borrowed("NP"))));
        assert!(matches!(read.data.device, Some(Cow::Borrowed("desktop"))));
        assert!(matches!(read.data.city, Some(Cow::Owned(_))));
    }

    #[test]
    fn a_stranger_in_the_batch_is_named() {
        let body = serde_json::to_string(&[click()])
            .unwrap()
            .replace("recorded.v3", "recorded.v9");
        let error = ClickEvent::decode_batch(body.as_bytes()).unwrap_err();
        assert!(matches!(error, DecodeError::UnknownType(it) if it.ends_with("recorded.v9")));
    }
}
