//! Whatever is cut off, everything counts once.

use std::time::Duration;

use events::{Context, LinkId, StreamName};
use nats::Start;
use service::health::Readiness;
use service::metrics::Metrics;
use service::world;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::Database;
use crate::links::{ClickCount, LinkList};
use crate::metrics::ProjectionMetrics;
use crate::runner::Runner;
use crate::runner::batch::{Batch, together};
use crate::runner::decode::decode;
use crate::runner::interruption::Interruption;
use crate::runner::position;
use crate::testing::{Log, Rows, eventually, lane, link, migrated, one, shortened, workspace};

const SUM: &str =
    "select coalesce(sum(clicks), 0)::bigint from click_count where scope_id = workspace_id";

#[tokio::test]
async fn who_comes_second_writes_nothing() {
    let (log, database) = (Log::new().await, migrated().await);
    log.append(&link(workspace()), &shortened("one")).await;
    let mut tail = log
        .broker
        .tail(StreamName::Links, Start::Sequence(1))
        .await
        .unwrap();
    let messages = tail.next_batch(10, 10_000).await.unwrap();
    let to = tail.checkpoint();
    let mut connection = database.connect(Context::Links).await.unwrap();
    let batch = Batch {
        from: None,
        to: &to,
        messages: &messages,
    };
    together(
        &mut LinkList,
        &mut connection,
        &batch,
        decode::<LinkList>(&messages).await,
    )
    .await
    .unwrap();
    let before = Rows::of(&database).await;

    for from in [None, Some(&nats::Checkpoint { sequence: 7, ..to })] {
        let again = Batch {
            from,
            to: &to,
            messages: &messages,
        };
        let outcome = together(
            &mut LinkList,
            &mut connection,
            &again,
            decode::<LinkList>(&messages).await,
        )
        .await;
        assert!(matches!(outcome, Err(Interruption::Outrun)), "{outcome:?}");
    }
    assert_eq!(Rows::of(&database).await, before);
    assert_eq!(
        position::load(&mut connection, "link_list").await.unwrap(),
        Some(to)
    );
}

fn worker(log: &Log, database: &Database) -> Runner<ClickCount> {
    Runner {
        projection: ClickCount::default(),
        broker: log.broker.clone(),
        database: database.clone(),
        gauges: ProjectionMetrics::registered(&Metrics::default()).of("click_count"),
        component: Readiness::default().component("click_count"),
    }
}

#[tokio::test]
async fn a_worker_that_is_cut_off_anywhere_counts_nothing_twice_and_leaves_nothing_out() {
    let (log, database) = (Log::new().await, migrated().await);
    let clicks = lane(&log, world::new_id());
    let (workspace, link) = (workspace(), LinkId::new(world::new_id()));
    let clicking = async {
        for _ in 0..60 {
            clicks.click(workspace, link, 50).await;
        }
    };
    let crashing = async {
        for crash in 0..60_u64 {
            let life = Duration::from_millis(5 + crash * 7 % 60);
            let cut_off = timeout(
                life,
                Box::pin(worker(&log, &database).run(CancellationToken::new())),
            )
            .await;
            assert!(cut_off.is_err());
        }
    };
    tokio::join!(clicking, crashing);
    let stop = CancellationToken::new();
    let finishing = async {
        eventually("all counted", async || {
            match one(&database, Context::Links, SUM).await {
                Some(3_000_i64) => Ok(()),
                other => Err(other),
            }
        })
        .await;
        stop.cancel();
    };
    tokio::join!(finishing, worker(&log, &database).run(stop.clone()));
    assert_eq!(Rows::of(&database).await.count("click_record"), 3_000);
}

#[tokio::test]
async fn postgres_may_be_killed_under_load() {
    let log = Log::new().await;
    let mut postgres = servers::testing::own_postgres().await;
    postgres.create_database("millrace").await.unwrap();
    let running = log.project_into(&postgres.url("millrace"));
    let clicks = lane(&log, world::new_id());
    let (workspace, link) = (workspace(), LinkId::new(world::new_id()));
    let first = clicks.click(workspace, link, 50).await;
    running.reach("click_count", first).await;
    let clicking = async {
        for _ in 0..100 {
            clicks.click(workspace, link, 50).await;
        }
        clicks.click(workspace, link, 50).await
    };
    let killing = async {
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(150)).await;
            postgres.kill().await;
            postgres.start_again().await.unwrap();
        }
    };
    let (last, ()) = tokio::join!(clicking, killing);
    running.reach("click_count", last).await;

    assert_eq!(
        one::<i64>(&running.database, Context::Links, SUM).await,
        Some(5_100)
    );
    let rows = Rows::of(&running.database).await;
    assert_eq!(
        (rows.count("click_record"), rows.count("parked_event")),
        (5_100, 0)
    );
    eventually("ready again", async || match running.readiness.missing() {
        missing if missing.is_empty() => Ok(()),
        missing => Err(missing),
    })
    .await;
    running.stop().await;
}

#[tokio::test]
async fn the_broker_may_be_killed_under_load() {
    let (mut log, url) = (Log::new().await, servers::testing::fresh_database().await);
    let running = log.project_into(&url);
    let clicks = lane(&log, world::new_id());
    let (workspace, link) = (workspace(), LinkId::new(world::new_id()));
    let clicking = async {
        for _ in 0..100 {
            clicks.click(workspace, link, 50).await;
        }
        clicks.click(workspace, link, 50).await
    };
    let killing = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        log.nats.kill().await;
        log.nats.start_again().await.unwrap();
    };
    let (last, ()) = tokio::join!(clicking, killing);
    running.reach("click_count", last).await;

    assert_eq!(
        one::<i64>(&running.database, Context::Links, SUM).await,
        Some(5_050)
    );
    assert_eq!(
        Rows::of(&running.database).await.count("click_record"),
        5_050
    );
    running.stop().await;
}
