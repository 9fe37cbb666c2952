//! Clicks, from the lane into the tables.

mod months;
mod repeats;

use events::links::ClickEvent;
use events::{Context, LinkId};
use service::world;

use super::count::PACKED_MAX;
use crate::testing::{Log, Rows, Running, click, lane, one, workspace};

/// Days that are not counted as their clicks came, of links and of workspaces.
const DIFFERENCE: &str = "
    with scoped as (
        select link_id as scope_id, * from click_record
        union all select workspace_id, * from click_record
    ), counted as (
        select workspace_id, scope_id, (occurred_at at time zone 'UTC')::date as day, count(*) as clicks
        from scoped group by 1, 2, 3
    ), stored as (
        select workspace_id, scope_id, day, clicks from click_count
    )
    select count(*) from (
        (table counted except table stored) union all (table stored except table counted)
    ) it";
/// Days whose quarters, or whose values of some dimension, are not all that was added up.
const MISSING: &str = "
    with added as (
        select scope_id, day, clicks - clicks % 512 as clicks from click_count where clicks >= 512
    ), quarters as (
        select scope_id, (bucket at time zone 'UTC')::date as day, sum(clicks)::bigint as clicks
        from click_count_quarter group by 1, 2
    ), dimensions as (
        select dimension, scope_id, day, sum(clicks)::bigint as clicks from click_count_value group by 1, 2, 3
    )
    select (select count(*) from ((table added except table quarters)
                                  union all (table quarters except table added)) it)
         + (select count(*) from (select d, added.* from added, generate_series(0, 9) d) it
             full join dimensions on (dimension, dimensions.scope_id, dimensions.day, dimensions.clicks)
                                   = (it.d, it.scope_id, it.day, it.clicks)
             where it.d is null or dimension is null)";

fn new_link() -> LinkId {
    LinkId::new(world::new_id())
}

async fn number(running: &Running, sql: &str) -> i64 {
    one(&running.database, Context::Links, sql).await.unwrap()
}

/// Clicks of several visitors, browsers and hours.
fn varied(link: LinkId, count: usize) -> Vec<ClickEvent<'static>> {
    (0..count)
        .map(|at| {
            let mut it = click(link);
            let minute = at % 60;
            it.time = format!("2026-11-20T{:02}:{minute:02}:00Z", at % 7)
                .parse()
                .unwrap();
            it.data.visitor = (at % 3 > 0).then(|| format!("{:016x}", at % 400).into());
            it.data.browser = Some(format!("browser {}", at % 5).into());
            it.data.is_bot = at % 11 == 0;
            it
        })
        .collect()
}

#[tokio::test]
async fn every_click_is_kept_and_counted_on_its_day() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let clicks = lane(&log, world::new_id());
    let (workspace, first, second) = (workspace(), new_link(), new_link());
    clicks.click(workspace, first, 300).await;
    clicks.click(workspace, second, 200).await;
    let mut late = click(first);
    late.time = "2025-12-31T23:59:59.999999Z".parse().unwrap();
    late.data.is_bot = true;
    late.data.visitor = Some("ffffffffffffffff".into());
    late.data.variant = Some(3);
    late.data.rule = Some("phones".into());
    late.data.city = Some("Kathmandu".into());
    let position = clicks.record(workspace, &[late]).await;
    running.reach("click_count", position).await;

    assert_eq!(
        number(&running, "select count(*) from click_record").await,
        501
    );
    assert_eq!(number(&running, DIFFERENCE).await, 0);
    assert_eq!(number(&running, MISSING).await, 0);
    let late = "select concat_ws(' ', visitor, variant, rule, city) from click_record_2025_12";
    let late = one::<String>(&running.database, Context::Links, late).await;
    assert_eq!(late.as_deref(), Some("-1 3 phones Kathmandu"));
    running.stop().await;
}

#[tokio::test]
async fn many_clicks_are_added_up_and_the_last_are_packed() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let clicks = lane(&log, world::new_id());
    let (workspace, link) = (workspace(), new_link());
    let varied = varied(link, 2 * PACKED_MAX + 100);
    for some in varied.chunks(290) {
        clicks.record(workspace, some).await;
    }
    let position = clicks.click(workspace, link, 1).await;
    running.reach("click_count", position).await;

    assert_eq!(number(&running, DIFFERENCE).await, 0);
    assert_eq!(number(&running, MISSING).await, 0);
    let added =
        "select sum(clicks)::bigint from click_count_quarter where scope_id <> workspace_id";
    assert_eq!(number(&running, added).await, 1_024);
    running.stop().await;
}

#[tokio::test]
async fn the_same_clicks_are_the_same_rows_in_whatever_batches_they_come() {
    let log = Log::new().await;
    let live = log.project_into(&servers::testing::fresh_database().await);
    let clicks = lane(&log, world::new_id());
    let (workspace, link) = (workspace(), new_link());
    let mut position = None;
    for some in varied(link, 3 * PACKED_MAX + 7).chunks(170) {
        let reached = clicks.record(workspace, some).await;
        live.reach("click_count", reached).await;
        position = Some(reached);
    }
    let fresh = log.project_into(&servers::testing::fresh_database().await);
    fresh.reach("click_count", position.unwrap()).await;
    assert_eq!(
        Rows::of(&fresh.database).await,
        Rows::of(&live.database).await
    );
    live.stop().await;
    fresh.stop().await;
}

#[tokio::test]
async fn months_that_need_not_be_kept_are_dropped_and_their_counts_stay() {
    let log = Log::new().await;
    let clicks = lane(&log, world::new_id());
    let (workspace, link) = (workspace(), new_link());
    let old = |text: &str| {
        let mut it = click(link);
        it.time = text.parse().unwrap();
        it
    };
    let early = [
        old("2020-01-31T23:59:59Z"),
        old("2020-03-01T00:00:00Z"),
        click(link),
    ];
    let position = clicks.record(workspace, &early).await;
    let url = servers::testing::fresh_database().await;
    let all = log.project_into(&url);
    all.reach("click_count", position).await;
    assert_eq!(number(&all, "select count(*) from click_record").await, 3);
    all.stop().await;

    let since = world::now().odt() - time::macros::datetime!(2020-03-15 0:00 UTC);
    let kept = log.project_and_keep(&url, Some(since.unsigned_abs()));
    let position = clicks.click(workspace, link, 1).await;
    kept.reach("click_count", position).await;
    assert_eq!(number(&kept, "select count(*) from click_record").await, 3);
    assert_eq!(
        number(&kept, "select count(*) from click_record_2020_03").await,
        1
    );
    let counted = "select sum(clicks)::bigint from click_count where scope_id <> workspace_id";
    assert_eq!(number(&kept, counted).await, 4);
    kept.stop().await;
}

#[tokio::test]
async fn a_message_that_was_sent_twice_counts_once() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let (producer, workspace, link) = (world::new_id(), workspace(), new_link());
    // A lane begins to count at one: a second of the same producer repeats the first's numbers.
    let position = lane(&log, producer).click(workspace, link, 1).await;
    running.reach("click_count", position).await;
    let position = lane(&log, producer).click(workspace, link, 1).await;
    running.reach("click_count", position).await;
    let other = lane(&log, world::new_id()).click(workspace, link, 1).await;
    running.reach("click_count", other).await;

    let sum = "select sum(clicks)::bigint from click_count where scope_id = workspace_id";
    assert_eq!(number(&running, sum).await, 2);
    assert_eq!(Rows::of(&running.database).await.count("click_record"), 2);
    running.stop().await;
}

#[tokio::test]
async fn a_hostile_text_holds_up_nobody() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let clicks = lane(&log, world::new_id());
    let mut hostile = click(new_link());
    hostile.data.visitor = Some("no visitor\0 of ours".into());
    hostile.data.referrer = Some("evil\0.example".into());
    for text in [
        &mut hostile.data.utm_source,
        &mut hostile.data.utm_medium,
        &mut hostile.data.utm_campaign,
        &mut hostile.data.browser,
        &mut hostile.data.os,
        &mut hostile.data.device,
        &mut hostile.data.country,
        &mut hostile.data.city,
        &mut hostile.data.rule,
    ] {
        // Does not compress, so that the index would have to take it as it is.
        let noise: String = (0..4_000).map(|_| rand::random_range('!'..'~')).collect();
        *text = Some(noise.into());
    }
    let hostile = vec![hostile; PACKED_MAX];
    let position = clicks.record(workspace(), &hostile).await;
    running.reach("click_count", position).await;

    let kept = "select value from click_count_value where dimension = 2 limit 1";
    let kept = one::<String>(&running.database, Context::Links, kept).await;
    assert_eq!(kept.as_deref(), Some("evil.example"));
    let longest = "select max(octet_length(value))::bigint from click_count_value";
    assert_eq!(number(&running, longest).await, 255);
    assert_eq!(number(&running, DIFFERENCE).await, 0);
    assert_eq!(number(&running, MISSING).await, 0);
    running.stop().await;
}
