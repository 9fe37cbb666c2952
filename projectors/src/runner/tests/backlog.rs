//! A log with more than a batch: while one is written, the next is read.

use std::time::Duration;

use events::links::LinkEvent;
use events::{Context, LinkId, Position, Subject};
use futures::{StreamExt, TryStreamExt, stream};
use service::world;

use super::END_SESSIONS;
use crate::links::LinkList;
use crate::projection::Projection;
use crate::testing::{Log, Rows, lane, link, one, shortened, workspace};

const AT_ONCE: usize = 64;

/// Appends one event for each link; the last position.
async fn append_each(log: &Log, links: &[Subject], event: &LinkEvent) -> Position {
    let appended = stream::iter(links).map(async |it| Ok::<_, ()>(log.append(it, event).await));
    let positions: Vec<_> = appended.buffered(AT_ONCE).try_collect().await.unwrap();
    positions.into_iter().max_by_key(|it| it.sequence).unwrap()
}

fn of_bytes(slug: &str, length: usize) -> LinkEvent {
    let mut event = shortened(slug);
    if let LinkEvent::Shortened { route, .. } = &mut event {
        route.target.push_str(&"x".repeat(length));
    }
    event
}

#[tokio::test]
async fn a_batch_that_is_cut_off_while_the_next_is_read_is_written_before_it() {
    let log = Log::new().await;
    let clicks = lane(&log, world::new_id());
    let (workspace, link) = (workspace(), LinkId::new(world::new_id()));
    let mut last = clicks.click(workspace, link, 900).await;
    for _ in 1..30 {
        last = clicks.click(workspace, link, 900).await;
    }
    let running = log.project_into(&servers::testing::fresh_database().await);
    for _ in 0..12 {
        tokio::time::sleep(Duration::from_millis(80)).await;
        one::<i64>(&running.database, Context::Links, END_SESSIONS).await;
    }
    running.reach("click_count", last).await;

    let sum = "select sum(clicks)::bigint from click_count where scope_id = workspace_id";
    let counted = one::<i64>(&running.database, Context::Links, sum).await;
    assert_eq!(counted, Some(27_000));
    assert_eq!(
        Rows::of(&running.database).await.count("click_record"),
        27_000
    );
    running.stop().await;
}

#[tokio::test]
async fn batches_are_written_in_the_order_of_the_log_though_the_second_is_sooner_read() {
    let log = Log::new().await;
    let workspace = workspace();
    let links: Vec<_> = (0..LinkList::BATCH_MESSAGES_MAX)
        .map(|_| link(workspace))
        .collect();
    append_each(&log, &links, &of_bytes("spring", 2_000)).await;
    let archived = LinkEvent::Archived {
        slug: "spring".to_owned(),
    };
    let last = append_each(&log, &links, &archived).await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    running.reach("link_list", last).await;

    let parked = "select count(*) from parked_event";
    let archived = "select count(*) from link_list where is_archived";
    let count = async |sql| one::<i64>(&running.database, Context::Links, sql).await;
    assert_eq!(count(parked).await, Some(0));
    assert_eq!(
        count(archived).await,
        Some(i64::try_from(links.len()).unwrap())
    );
    running.stop().await;
}
