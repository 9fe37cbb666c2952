//! The lane of clicks: every click that is kept is stored before its caller is answered, or will be.

use std::time::Duration;

use events::links::ClickEvent;
use events::{StreamName, Subject};
use futures::future::join_all;
use nats::{Kept, LANE_CLICKS_MAX, LaneError};

use crate::clicks::{are_counted_once, click, counted, open, workspaces};
use crate::world::World;

#[tokio::test]
async fn a_lone_click_is_stored_before_it_is_acknowledged() {
    let world = World::new().await;
    let (open, _folder) = open(&world.broker);
    let workspace = workspaces(1)[0];
    // On a machine that is busy the broker may be too slow for one of them.
    let mut tries = 0..100;
    let (click, position) = loop {
        let click = click();
        match open.lane.record(workspace, &click).await.unwrap() {
            Kept::InLog(position) => break (click, position),
            Kept::InSpool => assert!(tries.next().is_some()),
        }
        open.has_drained().await;
    };
    let stored = world
        .broker
        .last(&Subject::Clicks(workspace))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stored.position, position);
    assert_eq!(
        stored.header("content-type"),
        Some("application/cloudevents-batch+json")
    );
    assert_eq!(stored.id().unwrap().uuid(), click.id.uuid());
    assert_eq!(ClickEvent::decode_batch(&stored.body).unwrap(), [click]);
}

#[tokio::test]
async fn clicks_that_arrive_together_share_a_message_per_workspace() {
    let world = World::new().await;
    let (open, _folder) = open(&world.broker);
    let workspaces = workspaces(3);
    let records = (0..3_000).map(|index| open.click(workspaces[index % 3]));
    for (_, outcome) in join_all(records).await {
        outcome.unwrap();
    }
    open.has_drained().await;
    assert_eq!(counted(&world.broker).await.len(), 3_000);
    let state = world.broker.stream_state(StreamName::Clicks).await.unwrap();
    assert!(state.messages < 30, "{} messages", state.messages);
}

#[tokio::test]
async fn who_stops_waiting_breaks_nothing() {
    let world = World::new().await;
    let (open, _folder) = open(&world.broker);
    let workspace = workspaces(1)[0];
    for _ in 0..100 {
        drop(tokio::time::timeout(Duration::ZERO, open.click(workspace)).await);
    }
    open.click(workspace).await.1.unwrap();
    open.has_drained().await;
    assert_eq!(counted(&world.broker).await.len(), 101);
}

#[tokio::test]
async fn a_full_lane_refuses_and_what_waits_is_kept() {
    let mut world = World::new().await;
    let (open, _folder) = open(&world.broker);
    let workspace = workspaces(1)[0];
    world.nats.kill().await;
    let waiting: Vec<_> = (0..LANE_CLICKS_MAX)
        .map(|_| {
            let mut record = Box::pin(open.click(workspace));
            assert!(futures::FutureExt::now_or_never(&mut record).is_none());
            record
        })
        .collect();
    assert!(matches!(
        open.click(workspace).await.1,
        Err(LaneError::Full)
    ));
    let outcomes = join_all(waiting).await;
    // A machine that is busy may take longer than they wait; what they gave is kept all the same.
    let is_kept = |it: &Result<Kept, LaneError>| {
        matches!(it, Ok(Kept::InSpool) | Err(LaneError::Unacknowledged))
    };
    assert!(outcomes.iter().all(|(_, it)| is_kept(it)));
    let mut kept: Vec<_> = outcomes.into_iter().map(|(click, _)| click).collect();
    let (click, outcome) = open.click(workspace).await;
    outcome.unwrap();
    kept.push(click);
    world.nats.start_again().await.unwrap();
    open.has_drained().await;
    are_counted_once(&world.broker, &kept).await;
}

#[tokio::test]
async fn a_lane_keeps_all_before_it_ends() {
    let world = World::new().await;
    let (open, _folder) = open(&world.broker);
    let lane = open.lane.clone();
    let workspace = workspaces(1)[0];
    let records: Vec<_> = (0..5_000)
        .map(|_| {
            let lane = lane.clone();
            let mut record = Box::pin(async move { lane.record(workspace, &click()).await });
            drop(futures::FutureExt::now_or_never(&mut record));
            record
        })
        .collect();
    open.end().await;
    for outcome in join_all(records).await {
        outcome.unwrap();
    }
    // The broker is there: nothing is left in the spool.
    assert_eq!(counted(&world.broker).await.len(), 5_000);
    assert!(matches!(
        lane.record(workspace, &click()).await,
        Err(LaneError::Closed)
    ));
}
