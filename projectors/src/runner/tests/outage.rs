//! The broker is away for long.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::testing::{Log, Running, eventually, link, shortened, workspace};

/// Longer than it takes until the pauses between attempts are the longest.
const OUTAGE: Duration = Duration::from_secs(12);
/// A pause, the making of a consumer, and some more.
const RECOVERY_MAX: Duration = Duration::from_secs(6);

fn reason(running: &Running) -> Option<String> {
    let missing = running.readiness.missing();
    let ours = missing.into_iter().find(|it| it.component == "link_list");
    ours.map(|it| it.reason)
}

#[tokio::test]
async fn after_a_long_outage_it_goes_on_within_seconds_and_was_not_ready_meanwhile() {
    let mut log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let before = log.append(&link(workspace()), &shortened("before")).await;
    running.reach("link_list", before).await;
    eventually("ready", async || reason(&running).map_or(Ok(()), Err)).await;

    log.nats.kill().await;
    eventually("down", async || match reason(&running) {
        Some(reason) if reason == "the log cannot be read" => Ok(()),
        other => Err(other),
    })
    .await;
    sleep(OUTAGE).await;
    assert_eq!(reason(&running).as_deref(), Some("the log cannot be read"));
    log.nats.start_again().await.unwrap();
    // What expects nothing isn't appended again by itself.
    let mut connection = log.broker.connection();
    connection.wait_for(|it| it.is_up).await.unwrap();

    let after = log.append(&link(workspace()), &shortened("after")).await;
    timeout(RECOVERY_MAX, running.reach("link_list", after))
        .await
        .unwrap();
    eventually("ready again", async || reason(&running).map_or(Ok(()), Err)).await;
    running.stop().await;
}
