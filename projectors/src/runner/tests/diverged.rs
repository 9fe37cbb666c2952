//! A log that isn't the one that was read.

use crate::testing::{Log, announced, asset, eventually, link, shortened, workspace};

/// The projections that read LINKS.
const OF_LINKS: [&str; 3] = ["audit_trail_links", "domain_list", "link_list"];

#[tokio::test]
async fn a_projection_stops_on_another_log_and_the_others_go_on() {
    let url = servers::testing::fresh_database().await;
    let log = Log::new().await;
    let running = log.project_into(&url);
    let position = log.append(&link(workspace()), &shortened("before")).await;
    for projection in OF_LINKS {
        running.reach(projection, position).await;
    }
    running.stop().await;

    let other = Log::new().await;
    let running = other.project_into(&url);
    other.append(&link(workspace()), &shortened("after")).await;
    let position = other.append(&asset(workspace()), &announced()).await;
    running.reach("asset_list", position).await;
    eventually("those of links down alone", async || {
        let missing = running.readiness.missing();
        let is_told = missing.iter().all(|it| it.reason.contains("rebuild"));
        if is_told && missing.iter().map(|it| it.component).eq(OF_LINKS) {
            Ok(())
        } else {
            Err(missing)
        }
    })
    .await;
    let page = running.metrics.encode().unwrap();
    assert!(
        page.contains(r#"projection_diverged{projection="link_list"} 1"#),
        "{page}"
    );
    assert!(
        page.contains(r#"projection_diverged{projection="asset_list"} 0"#),
        "{page}"
    );
    running.stop().await;
}
