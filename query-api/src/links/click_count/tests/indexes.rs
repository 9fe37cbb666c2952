//! By which index raw clicks are found while Postgres has no statistics of them, as after a rebuild.

use events::Context;
use sqlx::Row;

use super::{LINK, OTHER, WORKSPACE, given};
use crate::testing::{Stage, member_of};

const OF_LINK: i64 = 30;
const OF_OTHER: i64 = 5_000;
const READ: &str =
    "select coalesce(sum(idx_tup_read) filter (where indexrelname like '%link%'), 0)::bigint,
        coalesce(sum(idx_tup_read) filter (where indexrelname like '%workspace%'), 0)::bigint
   from pg_stat_user_indexes where relname = 'click_record_all'";
/// A session tells what it has read when it ends.
const END_OTHERS: &str = "select pg_terminate_backend(pid, 10000) from pg_stat_activity
   where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'";

/// Few clicks on one link among many on another, on one afternoon.
async fn stage() -> Stage {
    let stage = given(&[]).await;
    let fill = |link, count| {
        format!(
            "insert into links.click_record (workspace_id, link_id, occurred_at, sequence, ordinal, \
             click_id, slug, is_bot, country, browser) \
             select '{WORKSPACE}', '{link}', timestamptz '2026-11-20T12:00Z' + at * interval '1s', at, 0, \
             gen_random_uuid(), 's', false, 'NP', 'Firefox' from generate_series(1, {count}) at"
        )
    };
    let never_analysed = "alter table links.click_record_all set (autovacuum_enabled = false)";
    stage.write(never_analysed.to_owned()).await;
    stage.write(fill(OTHER, OF_OTHER)).await;
    stage.write(fill(LINK, OF_LINK)).await;
    stage
}

/// How many entries of the links' index and of the workspaces' a question reads.
async fn entries_read(path: &str) -> (i64, i64) {
    let stage = stage().await;
    let (status, body) = stage.get(&member_of(1), path).await;
    assert_eq!(status, 200, "{body}");
    let mut admin = stage.admin.acquire().await.unwrap();
    sqlx::raw_sql(END_OTHERS)
        .execute(&mut *admin)
        .await
        .unwrap();
    let read = sqlx::query(READ).fetch_one(&mut *admin).await.unwrap();
    (read.get(0), read.get(1))
}

#[tokio::test]
async fn a_links_clicks_are_found_by_the_link() {
    for (question, entries) in [
        ("clicks?limit=9", 10),
        ("stats/browser?country=NP", OF_LINK),
        ("stats?country=NP", OF_LINK),
    ] {
        let question = format!("{question}&from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z");
        let read = entries_read(&format!("/v1/links/{LINK}/{question}")).await;
        assert_eq!(read, (entries, 0), "{question}");
    }
}

#[tokio::test]
async fn a_workspaces_clicks_are_found_by_the_workspace() {
    let question = "clicks?limit=9&from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z";
    let read = entries_read(&format!("/v1/links/{question}")).await;
    assert_eq!(read, (0, 10));
}

#[tokio::test]
async fn every_question_has_a_plan_of_its_own() {
    // After five questions Postgres might choose one plan for all, which could use neither index.
    let stage = given(&[]).await;
    let links = stage.app.databases.of(Context::Links).of_anybody();
    let mode: String = sqlx::query_scalar("select current_setting('plan_cache_mode')")
        .fetch_one(links)
        .await
        .unwrap();
    assert_eq!(mode, "force_custom_plan");
}
