//! Clicks, from the lane into the tables.

use events::{Context, LinkId};
use service::world;

use crate::testing::{Log, Rows, click, lane, one, workspace};

/// The rollups, and what they should be: nothing when they agree.
const DIFFERENCE: &str = "
    with counted as (
        select workspace_id, link_id, date_bin('15 minutes', occurred_at, '2000-01-01Z') as bucket, is_bot,
            coalesce(country, '') as country, coalesce(referrer, '') as referrer,
            coalesce(browser, '') as browser, coalesce(os, '') as os, coalesce(device, '') as device,
            coalesce(utm_source, '') as utm_source, coalesce(utm_medium, '') as utm_medium,
            coalesce(utm_campaign, '') as utm_campaign, count(*) as clicks
        from click group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
    )
    select count(*) from (
        (table counted except table click_rollup) union all (table click_rollup except table counted)
    ) it";

fn new_link() -> LinkId {
    LinkId::new(world::new_id())
}

#[tokio::test]
async fn every_click_is_kept_and_counted_in_its_quarter_of_an_hour() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let clicks = lane(&log, world::new_id());
    let (workspace, first, second) = (workspace(), new_link(), new_link());
    clicks.click(workspace, first, 300).await;
    clicks.click(workspace, second, 200).await;
    let mut late = click(first);
    late.time = "2025-12-31T23:59:59.999999Z".parse().unwrap();
    late.data.is_bot = true;
    let position = clicks.record(workspace, &[late]).await;
    running.reach("click_rollup", position).await;

    let database = &running.database;
    assert_eq!(
        one::<i64>(database, Context::Links, "select count(*) from click").await,
        Some(501)
    );
    assert_eq!(
        one::<i64>(database, Context::Links, DIFFERENCE).await,
        Some(0)
    );
    let bucket = "select to_char(bucket at time zone 'UTC', 'YYYY-MM-DD HH24:MI') from click_rollup where is_bot";
    let bucket = one::<String>(database, Context::Links, bucket).await;
    assert_eq!(bucket.as_deref(), Some("2025-12-31 23:45"));
    let partition = "select count(*) from click_2025_12";
    assert_eq!(
        one::<i64>(database, Context::Links, partition).await,
        Some(1)
    );
    running.stop().await;
}

#[tokio::test]
async fn a_message_that_was_sent_twice_counts_once() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let (producer, workspace, link) = (world::new_id(), workspace(), new_link());
    // A lane begins to count at one: a second of the same producer repeats the first's numbers.
    let position = lane(&log, producer).click(workspace, link, 1).await;
    running.reach("click_rollup", position).await;
    let position = lane(&log, producer).click(workspace, link, 1).await;
    running.reach("click_rollup", position).await;
    let other = lane(&log, world::new_id()).click(workspace, link, 1).await;
    running.reach("click_rollup", other).await;

    let sum = "select sum(clicks)::bigint from click_rollup";
    assert_eq!(
        one::<i64>(&running.database, Context::Links, sum).await,
        Some(2)
    );
    assert_eq!(Rows::of(&running.database).await.count("click"), 2);
    running.stop().await;
}

#[tokio::test]
async fn a_hostile_text_holds_up_nobody() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let clicks = lane(&log, world::new_id());
    let mut hostile = click(new_link());
    hostile.data.referrer = Some("evil\0.example".into());
    for text in [
        &mut hostile.data.utm_source,
        &mut hostile.data.utm_medium,
        &mut hostile.data.utm_campaign,
        &mut hostile.data.browser,
        &mut hostile.data.os,
        &mut hostile.data.device,
        &mut hostile.data.country,
    ] {
        // Does not compress, so that the index would have to take it as it is.
        let noise: String = (0..4_000).map(|_| rand::random_range('!'..'~')).collect();
        *text = Some(noise.into());
    }
    let position = clicks.record(workspace(), &[hostile]).await;
    running.reach("click_rollup", position).await;

    let kept = "select referrer || ' ' || octet_length(utm_source) from click_rollup";
    let kept = one::<String>(&running.database, Context::Links, kept).await;
    assert_eq!(kept.as_deref(), Some("evil.example 255"));
    assert_eq!(
        one::<i64>(&running.database, Context::Links, DIFFERENCE).await,
        Some(0)
    );
    running.stop().await;
}
