//! What cannot be applied is set aside, and nothing else is.

use events::{Context, Position};

use crate::testing::{Log, Rows, Running, link, one, shortened, strange, workspace};

async fn parked(running: &Running) -> Vec<(i64, String)> {
    let mut connection = running.database.connect(Context::Links).await.unwrap();
    let all =
        "select position, error from parked_event where projection = 'link_list' order by position";
    sqlx::query_as(all)
        .fetch_all(&mut connection)
        .await
        .unwrap()
}

fn sequences(positions: &[Position]) -> Vec<i64> {
    positions
        .iter()
        .map(|it| it.sequence.cast_signed())
        .collect()
}

#[tokio::test]
async fn an_unreadable_event_is_parked_with_all_that_follow_it_and_the_others_go_on() {
    let log = Log::new().await;
    let (poisoned, sound) = (link(workspace()), link(workspace()));
    let first = log.append(&poisoned, &strange()).await;
    let second = log.append(&poisoned, &shortened("later")).await;
    log.append(&sound, &shortened("sound")).await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let third = log.append(&poisoned, &shortened("much-later")).await;
    let last = log.append(&sound, &shortened("sound")).await;
    running.reach("link_list", last).await;

    let parked = parked(&running).await;
    let at: Vec<i64> = parked.iter().map(|(position, _)| *position).collect();
    assert_eq!(at, sequences(&[first, second, third]));
    let unreadable =
        "the event cannot be read: the data does not fit the event type \"exploded.v1\": ";
    assert!(parked[0].1.starts_with(unreadable), "{parked:?}");
    assert_eq!(parked[1].1, "an earlier event of its subject is parked");
    assert_eq!(Rows::of(&running.database).await.count("link_list"), 1);
    running.stop().await;
}

#[tokio::test]
async fn an_event_that_postgres_refuses_is_parked_and_shown() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let workspace = workspace();
    let refused = log.append(&link(workspace), &shortened("n\0l")).await;
    let last = log.append(&link(workspace), &shortened("sound")).await;
    running.reach("link_list", last).await;

    let parked = parked(&running).await;
    assert_eq!(parked[0].0, refused.sequence.cast_signed());
    assert!(
        parked[0].1.starts_with("the database refuses: "),
        "{parked:?}"
    );
    let listed = one::<i64>(
        &running.database,
        Context::Links,
        "select count(*) from link_list",
    )
    .await;
    assert_eq!((parked.len(), listed), (1, Some(1)));
    crate::testing::eventually("shown", async || {
        let page = running.metrics.encode().unwrap();
        let line = r#"projection_parked{projection="link_list"} 1"#;
        if page.contains(line) {
            Ok(())
        } else {
            Err(page)
        }
    })
    .await;
    assert!(
        running.readiness.missing().is_empty(),
        "{:?}",
        running.readiness.missing()
    );
    running.stop().await;
}
