//! Clicks counted by link, quarter of an hour and dimensions: in memory first, then by one statement.

use std::collections::HashMap;

use events::links::ClickEvent;
use events::{LinkId, Timestamp, WorkspaceId};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use super::message::ClickMessage;

/// The length of a bucket: every time zone's days start on a quarter of an hour.
const BUCKET_SECONDS: i64 = 15 * 60;

/// What clicks are counted by; a dimension that isn't known is empty.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key<'c> {
    link: LinkId,
    bucket: i64,
    is_bot: bool,
    country: &'c str,
    referrer: &'c str,
    browser: &'c str,
    os: &'c str,
    device: &'c str,
    utm_source: &'c str,
    utm_medium: &'c str,
    utm_campaign: &'c str,
}

/// Whose link it is, and how many clicks.
type Count = (WorkspaceId, i64);

impl<'c> Key<'c> {
    fn of(click: &'c ClickEvent<'_>) -> Self {
        let data = &click.data;
        Self {
            link: data.link_id,
            bucket: bucket(click.time),
            is_bot: data.is_bot,
            country: data.country.as_deref().unwrap_or_default(),
            referrer: data.referrer.as_deref().unwrap_or_default(),
            browser: data.browser.as_deref().unwrap_or_default(),
            os: data.os.as_deref().unwrap_or_default(),
            device: data.device.as_deref().unwrap_or_default(),
            utm_source: data.utm_source.as_deref().unwrap_or_default(),
            utm_medium: data.utm_medium.as_deref().unwrap_or_default(),
            utm_campaign: data.utm_campaign.as_deref().unwrap_or_default(),
        }
    }
}

/// The start of the time's bucket, in seconds since 1970.
fn bucket(time: Timestamp) -> i64 {
    let seconds = time.odt().unix_timestamp();
    seconds - seconds.rem_euclid(BUCKET_SECONDS)
}

/// The counts of a batch, in the order of their keys: the order of the table's index.
fn aggregate<'c>(messages: &[&'c ClickMessage<'_>]) -> Vec<(Key<'c>, Count)> {
    let mut counts: HashMap<Key<'c>, Count> = HashMap::new();
    for message in messages {
        for click in &message.clicks {
            counts
                .entry(Key::of(click))
                .or_insert((message.workspace, 0))
                .1 += 1;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    counts
}

/// Adds the clicks of all messages to their rollups.
pub(super) async fn count(
    tx: &mut PgConnection,
    messages: &[&ClickMessage<'_>],
) -> Result<(), sqlx::Error> {
    let counts = aggregate(messages);
    let keys = || counts.iter().map(|(key, _)| key);
    let workspaces: Vec<_> = counts
        .iter()
        .map(|(_, (workspace, _))| workspace.uuid())
        .collect();
    let links: Vec<_> = keys().map(|key| key.link.uuid()).collect();
    let buckets: Vec<_> = keys().map(|key| start(key.bucket)).collect();
    let bots: Vec<_> = keys().map(|key| key.is_bot).collect();
    let clicks: Vec<_> = counts.iter().map(|(_, (_, clicks))| *clicks).collect();
    sqlx::query!(
        "insert into click_rollup (workspace_id, link_id, bucket, is_bot, country, referrer, browser,
             os, device, utm_source, utm_medium, utm_campaign, clicks)
         select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::boolean[], $5::text[],
             $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
             $13::bigint[])
         on conflict (link_id, bucket, is_bot, country, referrer, browser, os, device, utm_source,
             utm_medium, utm_campaign)
         do update set clicks = click_rollup.clicks + excluded.clicks",
        &workspaces,
        &links,
        &buckets,
        &bots,
        &keys().map(|key| key.country).collect::<Vec<_>>() as &[&str],
        &keys().map(|key| key.referrer).collect::<Vec<_>>() as &[&str],
        &keys().map(|key| key.browser).collect::<Vec<_>>() as &[&str],
        &keys().map(|key| key.os).collect::<Vec<_>>() as &[&str],
        &keys().map(|key| key.device).collect::<Vec<_>>() as &[&str],
        &keys().map(|key| key.utm_source).collect::<Vec<_>>() as &[&str],
        &keys().map(|key| key.utm_medium).collect::<Vec<_>>() as &[&str],
        &keys().map(|key| key.utm_campaign).collect::<Vec<_>>() as &[&str],
        &clicks
    )
    .execute(tx)
    .await?;
    Ok(())
}

fn start(bucket: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::seconds(bucket)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use events::{LinkId, WorkspaceId};
    use proptest::prelude::*;
    use time::{Duration, OffsetDateTime};
    use uuid::Uuid;

    use super::super::message::ClickMessage;
    use super::{Key, aggregate, bucket, start};
    use crate::testing::click;
    use events::Timestamp;
    use events::links::ClickEvent;

    fn a_click() -> impl Strategy<Value = ClickEvent<'static>> {
        (
            0..3_u128,
            0..3_600_i64,
            any::<bool>(),
            proptest::option::of("[a-b]?"),
        )
            .prop_map(|(link, second, is_bot, country)| {
                let mut it = click(LinkId::new(Uuid::from_u128(link)));
                let time = OffsetDateTime::UNIX_EPOCH + Duration::seconds(second);
                it.time = Timestamp::new(time);
                it.data.is_bot = is_bot;
                it.data.country = country.map(Into::into);
                it
            })
    }

    fn message(clicks: Vec<ClickEvent<'static>>) -> ClickMessage<'static> {
        let workspace = WorkspaceId::new(Uuid::nil());
        ClickMessage {
            workspace,
            sequence: 1,
            mark: None,
            stored_at: OffsetDateTime::UNIX_EPOCH,
            clicks,
        }
    }

    proptest! {
        #[test]
        fn rollups_hold_exactly_the_raw_clicks(
            batch in prop::collection::vec(prop::collection::vec(a_click(), 0..20), 0..5)
        ) {
            let batch: Vec<_> = batch.into_iter().map(message).collect();
            let messages: Vec<_> = batch.iter().collect();
            let mut raw: HashMap<Key<'_>, i64> = HashMap::new();
            for click in batch.iter().flat_map(|message| &message.clicks) {
                *raw.entry(Key::of(click)).or_default() += 1;
            }
            let counts = aggregate(&messages);
            prop_assert!(counts.is_sorted_by(|(a, _), (b, _)| a < b), "sorted, each key once");
            let counted: HashMap<_, _> =
                counts.into_iter().map(|(key, (_, clicks))| (key, clicks)).collect();
            prop_assert_eq!(counted, raw);
        }

        #[test]
        fn a_bucket_begins_on_a_quarter_of_an_hour_and_holds_its_clicks(second in -9_999_999..9_999_999_i64) {
            let time = OffsetDateTime::UNIX_EPOCH + Duration::seconds(second);
            let begin = start(bucket(Timestamp::new(time)));
            prop_assert_eq!((begin.minute() % 15, begin.second()), (0, 0));
            prop_assert!(begin <= time && time < begin + Duration::minutes(15));
        }
    }
}
