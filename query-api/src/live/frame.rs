//! What a subscriber is told.

use axum::extract::ws::Utf8Bytes;
use events::links::ClickEvent;
use events::{ClickId, LinkId, Timestamp};
use serde::Serialize;

use super::cursor::Cursor;

/// A message to a subscriber.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Frame<'a> {
    /// Every click after `cursor` follows.
    Ready { cursor: Cursor },
    /// Everything up to `cursor` has been told; what follows happens now.
    CaughtUp { cursor: Cursor },
    /// Everything up to `cursor` has been told, though no frame has said so: comes with a heartbeat.
    At { cursor: Cursor },
    /// A link was opened.
    Click { cursor: Cursor, click: Click<'a> },
    /// What came between the two cannot be had any more.
    Gap { from: Cursor, to: Cursor },
    /// How often the link was opened in all, by people and by programs.
    Totals { clicks: i64, bots: i64 },
    /// The subscriber is too slow; it has been sent everything up to `cursor`, and nothing after it.
    Lagged { cursor: Cursor },
    /// It ends as a WebSocket does that is closed with `code`: for those who hear of no code.
    Closing {
        code: u16,
        #[serde(skip_serializing_if = "Option::is_none")]
        cursor: Option<Cursor>,
    },
}

#[derive(Serialize)]
pub(super) struct Click<'a> {
    id: ClickId,
    link_id: LinkId,
    slug: &'a str,
    occurred_at: Timestamp,
    country: Option<&'a str>,
    referrer: Option<&'a str>,
    browser: Option<&'a str>,
    os: Option<&'a str>,
    device: Option<&'a str>,
    is_bot: bool,
}

impl Frame<'_> {
    pub(super) fn text(&self) -> serde_json::Result<Utf8Bytes> {
        serde_json::to_string(self).map(Utf8Bytes::from)
    }
}

impl<'a> From<&'a ClickEvent<'_>> for Click<'a> {
    fn from(event: &'a ClickEvent<'_>) -> Self {
        Self {
            id: event.id,
            link_id: event.data.link_id,
            slug: &event.data.slug,
            occurred_at: event.time,
            country: event.data.country.as_deref(),
            referrer: event.data.referrer.as_deref(),
            browser: event.data.browser.as_deref(),
            os: event.data.os.as_deref(),
            device: event.data.device.as_deref(),
            is_bot: event.data.is_bot,
        }
    }
}
