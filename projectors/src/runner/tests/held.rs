//! Somebody holds a table for longer than the database is waited for.

use std::time::Duration;

use events::Context;
use sqlx::Executor;
use tokio::time::sleep;

use crate::testing::{Log, Running, database, eventually, link, shortened, workspace};

const TIMEOUT: Duration = Duration::from_secs(1);
/// Long enough for several attempts.
const HELD: Duration = Duration::from_secs(6);

/// Sessions of projectors in this database that wait for a lock for longer than they are meant to.
const FORGOTTEN: &str = "select count(*) from pg_stat_activity
    where application_name = 'millrace projectors' and datname = current_database()
      and wait_event_type = 'Lock' and clock_timestamp() - query_start > interval '3 seconds'";

fn is_ready(running: &Running) -> bool {
    let missing = running.readiness.missing();
    missing.iter().all(|it| it.component != "link_list")
}

#[tokio::test]
async fn a_projection_that_cannot_write_is_never_ready_and_keeps_no_session_waiting() {
    let log = Log::new().await;
    let url = servers::testing::fresh_database().await;
    let running = log.project_within(&url, TIMEOUT);
    let before = log.append(&link(workspace()), &shortened("before")).await;
    running.reach("link_list", before).await;
    let mut holder = database(&url).connect(Context::Links).await.unwrap();
    let hold = "begin; lock table link_list in share mode";
    holder.execute(hold).await.unwrap();

    let after = log.append(&link(workspace()), &shortened("after")).await;
    eventually(
        "down",
        async || if is_ready(&running) { Err(()) } else { Ok(()) },
    )
    .await;
    let began = tokio::time::Instant::now();
    while began.elapsed() < HELD {
        assert!(!is_ready(&running), "after {:?}", began.elapsed());
        sleep(Duration::from_millis(50)).await;
    }
    // Others are not shown what a session waits for.
    let mut onlooker = running.database.connect_as_login().await.unwrap();
    let forgotten = sqlx::query_scalar::<_, i64>(FORGOTTEN).fetch_one(&mut onlooker);
    assert_eq!(forgotten.await.unwrap(), 0);
    holder.execute("rollback").await.unwrap();
    running.reach("link_list", after).await;
    running.stop().await;
}
