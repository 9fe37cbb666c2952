//! Reading the log again ends where reading it live did.

use events::{Context, LinkId, Position, Subject};
use service::world;

use crate::testing::{
    Log, Rows, Running, announced, asset, lane, link, person, registered, shortened, stored,
    strange, user, workspace,
};

/// Some of everything; tells where each projection's last event stands.
async fn a_day(log: &Log) -> [(&'static str, Position); 4] {
    let workspace = workspace();
    let clicks = lane(log, world::new_id());
    let id = LinkId::new(world::new_id());
    let mut ends = None;
    for day in 0..5 {
        let user = user();
        let key = person(log, user).await;
        let registered = registered(&key, &format!("ada{day}@example.org"));
        let asset = asset(workspace);
        log.append(&asset, &announced()).await;
        log.append(&link(workspace), &strange()).await;
        ends = Some([
            (
                "user_profile",
                log.append(&Subject::User(user), &registered).await,
            ),
            ("asset_list", log.append(&asset, &stored()).await),
            (
                "link_list",
                log.append(&link(workspace), &shortened(&format!("day-{day}")))
                    .await,
            ),
            ("click_rollup", clicks.click(workspace, id, 40).await),
        ]);
    }
    ends.unwrap()
}

async fn rows_at(running: &Running, ends: &[(&str, Position)]) -> Rows {
    for (projection, position) in ends {
        running.reach(projection, *position).await;
    }
    Rows::of(&running.database).await
}

#[tokio::test]
async fn a_fresh_database_ends_as_the_live_one() {
    let log = Log::new().await;
    let live = log.project_into(&servers::testing::fresh_database().await);
    let ends = a_day(&log).await;
    let rows = rows_at(&live, &ends).await;
    assert_eq!(
        (
            rows.count("click"),
            rows.count("link_list"),
            rows.count("parked_event")
        ),
        (200, 5, 5)
    );

    let fresh = log.project_into(&servers::testing::fresh_database().await);
    assert_eq!(rows_at(&fresh, &ends).await, rows);
    live.stop().await;
    fresh.stop().await;
}

#[tokio::test]
async fn reading_the_log_again_into_the_same_tables_changes_nothing() {
    let log = Log::new().await;
    let url = servers::testing::fresh_database().await;
    let first = log.project_into(&url);
    let ends = a_day(&log).await;
    let rows = rows_at(&first, &ends).await;
    let database = first.database.clone();
    first.stop().await;
    for context in Context::ALL {
        let mut connection = database.connect(context).await.unwrap();
        sqlx::query("delete from projection_position")
            .execute(&mut connection)
            .await
            .unwrap();
    }
    let second = log.project_into(&url);
    assert_eq!(rows_at(&second, &ends).await, rows);
    second.stop().await;
}
