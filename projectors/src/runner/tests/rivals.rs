//! Several workers of one projection.

use std::time::Duration;

use events::{Context, LinkId};
use service::world;

use crate::testing::{Log, Rows, lane, one, workspace};

/// Ends the sessions of all workers, and with them their locks.
const END_SESSIONS: &str = "select count(pg_terminate_backend(pid)) from pg_stat_activity
    where datname = current_database() and pid in (select pid from pg_locks where locktype = 'advisory')";

#[tokio::test]
async fn two_processes_count_every_click_once_while_the_lead_changes_hands() {
    let log = Log::new().await;
    let url = servers::testing::fresh_database().await;
    let (here, there) = (log.project_into(&url), log.project_into(&url));
    let clicks = lane(&log, world::new_id());
    let (workspace, link) = (workspace(), LinkId::new(world::new_id()));
    let clicking = async {
        for _ in 0..100 {
            clicks.click(workspace, link, 50).await;
        }
        clicks.click(workspace, link, 50).await
    };
    let deposing = async {
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            one::<i64>(&here.database, Context::Links, END_SESSIONS).await;
        }
    };
    let (last, ()) = tokio::join!(clicking, deposing);
    here.reach("click_count", last).await;

    let sum = "select sum(clicks)::bigint from click_count where scope_id = workspace_id";
    assert_eq!(
        one::<i64>(&here.database, Context::Links, sum).await,
        Some(5_050)
    );
    assert_eq!(Rows::of(&here.database).await.count("click_record"), 5_050);
    here.stop().await;
    there.stop().await;
}

#[tokio::test]
async fn a_standby_takes_over_when_the_leader_stops() {
    let log = Log::new().await;
    let url = servers::testing::fresh_database().await;
    let (leader, standby) = (log.project_into(&url), log.project_into(&url));
    let clicks = lane(&log, world::new_id());
    let (workspace, link) = (workspace(), LinkId::new(world::new_id()));
    let first = clicks.click(workspace, link, 1).await;
    leader.reach("click_count", first).await;
    leader.stop().await;
    let second = clicks.click(workspace, link, 1).await;
    standby.reach("click_count", second).await;
    standby.stop().await;
}
