//! Days whose packed clicks are one row, as they were before there were parts.

use events::Context;
use service::click_count::{pack, unpack};
use service::world;
use sqlx::{PgConnection, Row};

use super::super::part::PACKED_MAX;
use super::{DIFFERENCE, MISSING, new_link, number, varied};
use crate::testing::{Log, Running, lane, workspace};

/// Puts the parts of each day together.
async fn put_together(tables: &mut PgConnection) {
    let days = "select scope_id, day, sum(clicks)::bigint, array_agg(packed order by part) from click_count group by 1, 2";
    for row in sqlx::query(days).fetch_all(&mut *tables).await.unwrap() {
        let parts: Vec<Vec<u8>> = row.get(3);
        let clicks = parts.iter().flat_map(|it| unpack(it).unwrap());
        let whole = "with gone as (delete from click_count where scope_id = $1 and day = $2 and part > 0)
            update click_count set clicks = $3, packed = $4 where scope_id = $1 and day = $2 and part = 0";
        let query = sqlx::query(whole).bind(row.get::<uuid::Uuid, _>(0));
        let query = query
            .bind(row.get::<time::Date, _>(1))
            .bind(row.get::<i64, _>(2));
        query
            .bind(pack(clicks))
            .execute(&mut *tables)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_day_that_was_packed_as_a_whole_goes_on() {
    let log = Log::new().await;
    let url = servers::testing::fresh_database().await;
    let clicks = lane(&log, world::new_id());
    let (workspace, link) = (workspace(), new_link());
    let varied = varied(link, PACKED_MAX + 300);
    let (before, after) = varied.split_at(300);
    let position = clicks.record(workspace, before).await;
    let earlier = log.project_into(&url);
    earlier.reach("click_count", position).await;
    let mut tables = earlier.database.connect(Context::Links).await.unwrap();
    earlier.stop().await;
    put_together(&mut tables).await;

    let running = log.project_into(&url);
    for some in after.chunks(110) {
        let position = clicks.record(workspace, some).await;
        running.reach("click_count", position).await;
        assert_eq!(number(&running, DIFFERENCE).await, 0);
        assert_eq!(number(&running, MISSING).await, 0);
    }
    let fresh = log.project_into(&servers::testing::fresh_database().await);
    let position = clicks.click(workspace, link, 1).await;
    for it in [&running, &fresh] {
        it.reach("click_count", position).await;
    }
    let (added, anew_added) = (counted(&running).await, counted(&fresh).await);
    assert!(added == anew_added, "they are added up otherwise");
    let mut anew = fresh.database.connect(Context::Links).await.unwrap();
    let packed = "select packed from click_count order by scope_id = workspace_id, day, part";
    let [gone_on, anew] = [
        sqlx::query_scalar(packed).fetch_all(&mut tables).await,
        sqlx::query_scalar(packed).fetch_all(&mut anew).await,
    ]
    .map(Result::<Vec<Vec<u8>>, _>::unwrap);
    assert_eq!(
        gone_on.len(),
        18,
        "eight parts of that day, and one of the last click's"
    );
    assert!(gone_on == anew, "its clicks are packed otherwise");
    running.stop().await;
    fresh.stop().await;
}

/// All that is added up.
async fn counted(running: &Running) -> Vec<String> {
    let mut tables = running.database.connect(Context::Links).await.unwrap();
    let added = "select to_jsonb(it)::text from click_count_quarter it
        union all select to_jsonb(it)::text from click_count_value it order by 1";
    sqlx::query_scalar(added)
        .fetch_all(&mut tables)
        .await
        .unwrap()
}
