//! Clicks that are on the log before anything is measured, as other servers' reports put them there.

use std::borrow::Cow;

use anyhow::Context;
use events::links::{Click, ClickEvent};
use events::{ClickId, LinkId, Position, StreamName, Timestamp, WorkspaceId};
use futures::{StreamExt, TryStreamExt, stream};
use nats::{Broker, MESSAGE_CLICKS_MAX, NewMessage};
use service::world;
use uuid::Uuid;

/// Messages under way at once.
const AT_ONCE: usize = 8;
/// Different visitors of a day.
const VISITORS: usize = 50_000;
const DAY_S: usize = 24 * 60 * 60;
const COUNTRIES: [&str; 8] = ["NP", "DE", "US", "IN", "FR", "BR", "JP", "GB"];
const REFERRERS: [&str; 5] = [
    "news.example",
    "mail.example",
    "search.example",
    "social.example",
    "a.example",
];
const BROWSERS: [&str; 4] = ["Chrome", "Safari", "Firefox", "Edge"];
const SYSTEMS: [&str; 4] = ["Windows 10", "Mac OSX", "Android", "iPhone"];
const DEVICES: [&str; 3] = ["desktop", "mobile", "other"];

/// What the clicks are spread over, evenly.
#[derive(Clone, Copy)]
pub(crate) struct Spread<'s> {
    pub(crate) workspace: WorkspaceId,
    pub(crate) links: &'s [LinkId],
    /// The last of them is today.
    pub(crate) days: usize,
}

/// Appends so many clicks, oldest first, and answers where the last of them stands.
pub(crate) async fn fill(
    broker: &Broker,
    spread: Spread<'_>,
    clicks: usize,
) -> anyhow::Result<Position> {
    let first = world::now().odt() - time::Duration::days(i64::try_from(spread.days)?);
    let messages = (0..clicks).step_by(MESSAGE_CLICKS_MAX).map(async |begin| {
        let end = clicks.min(begin + MESSAGE_CLICKS_MAX);
        let events: Vec<_> = (begin..end)
            .map(|number| event(number, clicks, spread, first))
            .collect::<Result<_, _>>()?;
        for message in NewMessage::clicks(spread.workspace, &events)? {
            broker.append(&[message]).await?;
        }
        anyhow::Ok(())
    });
    let appending = stream::iter(messages).buffer_unordered(AT_ONCE);
    appending.try_collect::<()>().await?;
    let state = broker.stream_state(StreamName::Clicks).await?;
    Ok(Position {
        stream: StreamName::Clicks,
        sequence: state.last_sequence,
    })
}

fn event(
    number: usize,
    clicks: usize,
    spread: Spread<'_>,
    first: time::OffsetDateTime,
) -> anyhow::Result<ClickEvent<'static>> {
    let lot = mixed(number as u64);
    let link = usize::try_from(lot % spread.links.len() as u64)?;
    let link_id = spread.links.get(link).copied().context("no link")?;
    let since = (spread.days * DAY_S) as u128 * number as u128 / clicks as u128;
    let time = first + std::time::Duration::from_secs(u64::try_from(since)?);
    let any = |of: &'static [&'static str], shift: u32| {
        let at = usize::try_from((lot >> shift) % of.len() as u64).unwrap_or_default();
        of.get(at).copied().map(Cow::Borrowed)
    };
    let visitor = mixed(lot % VISITORS as u64);
    let data = Click {
        country: any(&COUNTRIES, 8),
        referrer: any(&REFERRERS, 16),
        browser: any(&BROWSERS, 24),
        os: any(&SYSTEMS, 32),
        device: any(&DEVICES, 40),
        is_bot: lot.is_multiple_of(16),
        visitor: Some(Cow::Owned(format!("{visitor:016x}"))),
        ..Click::of(link_id, Cow::Owned(format!("s{link}")))
    };
    let id = ClickId::new(Uuid::from_u64_pair(1, number as u64));
    Ok(ClickEvent::new(id, Timestamp::new(time), data))
}

/// `SplitMix64`'s finish: spreads numbers evenly, in every run alike.
const fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
