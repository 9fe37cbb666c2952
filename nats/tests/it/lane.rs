//! The lane of clicks: every acknowledged click is stored, and each counts once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use events::links::{Click, ClickEvent};
use events::{ClickId, LinkId, StreamName, Subject, WorkspaceId};
use futures::future::join_all;
use nats::{
    BATCH_HEADER, Broker, ClickLane, LANE_CLICKS_MAX, LaneError, MESSAGE_CLICKS_MAX,
    PRODUCER_HEADER,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::world::{World, uuid};

fn click() -> ClickEvent<'static> {
    let data = Click {
        link_id: LinkId::new(Uuid::from_u128(7)),
        slug: "spring".into(),
        country: Some("NP".into()),
        referrer: Some("news.example".into()),
        browser: Some("Firefox".into()),
        os: Some("Linux".into()),
        device: Some("desktop".into()),
        is_bot: false,
        city: None,
        visitor: None,
        rule: None,
        variant: None,
        utm_source: None,
        utm_medium: None,
        utm_campaign: None,
    };
    ClickEvent::new(
        ClickId::new(uuid()),
        "2026-11-21T10:00:00Z".parse().unwrap(),
        data,
    )
}

fn workspaces(count: u128) -> Vec<WorkspaceId> {
    (1..=count)
        .map(|it| WorkspaceId::new(Uuid::from_u128(it)))
        .collect()
}

struct Open {
    lane: ClickLane,
    shutdown: CancellationToken,
    worker: tokio::task::JoinHandle<()>,
}

fn open(broker: &Broker) -> Open {
    let shutdown = CancellationToken::new();
    let (lane, worker) = ClickLane::new(broker.clone(), uuid(), shutdown.clone());
    Open {
        lane,
        shutdown,
        worker: tokio::spawn(worker),
    }
}

/// What a projector makes of the stream: each producer's numbers go up, and what doesn't is a duplicate.
async fn counted(broker: &Broker) -> Vec<(WorkspaceId, ClickId)> {
    let state = broker.stream_state(StreamName::Clicks).await.unwrap();
    let mut tail = broker.resume(StreamName::Clicks, None).await.unwrap();
    let mut last = HashMap::<(String, WorkspaceId), u64>::new();
    let mut clicks = Vec::new();
    while tail.checkpoint().sequence < state.last_sequence {
        for message in tail.next_batch(1_000, 1 << 24).await.unwrap() {
            let Some(Subject::Clicks(workspace)) = message.subject else {
                panic!("{message:?}")
            };
            let producer = message.header(PRODUCER_HEADER).unwrap().to_owned();
            let number: u64 = message.header(BATCH_HEADER).unwrap().parse().unwrap();
            let high = last.entry((producer, workspace)).or_default();
            if number > *high {
                *high = number;
                let batch = ClickEvent::decode_batch(&message.body).unwrap();
                assert!(batch.len() <= MESSAGE_CLICKS_MAX);
                clicks.extend(batch.iter().map(|click| (workspace, click.id)));
            }
        }
    }
    clicks
}

#[tokio::test]
async fn a_lone_click_is_stored_before_it_is_acknowledged() {
    let world = World::new().await;
    let Open { lane, .. } = open(&world.broker);
    let (workspace, click) = (workspaces(1)[0], click());
    assert_eq!(
        lane.record(workspace, &click).await.unwrap().to_string(),
        "CLICKS:1"
    );
    let stored = world
        .broker
        .last(&Subject::Clicks(workspace))
        .await
        .unwrap()
        .unwrap();
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
    let Open { lane, .. } = open(&world.broker);
    let workspaces = workspaces(3);
    let records = (0..3_000).map(|index| {
        let (lane, workspace) = (lane.clone(), workspaces[index % 3]);
        async move { lane.record(workspace, &click()).await.unwrap() }
    });
    join_all(records).await;
    assert_eq!(counted(&world.broker).await.len(), 3_000);
    let state = world.broker.stream_state(StreamName::Clicks).await.unwrap();
    assert!(state.messages < 30, "{} messages", state.messages);
}

#[tokio::test]
async fn who_stops_waiting_breaks_nothing() {
    let world = World::new().await;
    let Open { lane, .. } = open(&world.broker);
    let workspace = workspaces(1)[0];
    for _ in 0..100 {
        let click = click();
        drop(tokio::time::timeout(Duration::ZERO, lane.record(workspace, &click)).await);
    }
    lane.record(workspace, &click()).await.unwrap();
    assert_eq!(counted(&world.broker).await.len(), 101);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_crashes_every_acknowledged_click_is_stored_and_counts_once() {
    let mut world = World::new().await;
    let Open {
        lane,
        shutdown,
        worker,
    } = open(&world.broker);
    let workspaces = Arc::new(workspaces(3));
    let tasks: Vec<_> = (0..64_usize)
        .map(|task| {
            let (lane, workspaces) = (lane.clone(), Arc::clone(&workspaces));
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for round in 0..157 {
                    let (workspace, click) = (workspaces[(task + round) % 3], click());
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    if lane.record(workspace, &click).await.is_ok() {
                        acknowledged.push((workspace, click.id));
                    }
                }
                acknowledged
            })
        })
        .collect();
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        world.nats.kill().await;
        world.nats.start_again().await.unwrap();
    }
    let mut acknowledged = Vec::new();
    for task in tasks {
        acknowledged.extend(task.await.unwrap());
    }
    shutdown.cancel();
    worker.await.unwrap();
    assert!(acknowledged.len() > 9_000, "{}", acknowledged.len());
    let counted = counted(&world.broker).await;
    let once: HashSet<_> = counted.iter().copied().collect();
    assert_eq!(once.len(), counted.len(), "a click counts twice");
    assert!(
        acknowledged.iter().all(|click| once.contains(click)),
        "an acknowledged click is lost"
    );
}

#[tokio::test]
async fn clicks_that_were_sent_twice_count_once() {
    let world = World::new().await;
    let Open { lane, .. } = open(&world.broker);
    let workspaces = workspaces(2);
    lane.record(workspaces[0], &click()).await.unwrap();
    world.nats.pause();
    let records = (0..10).map(|index| {
        let (lane, workspace) = (lane.clone(), workspaces[index % 2]);
        async move { lane.record(workspace, &click()).await }
    });
    let resume = async {
        // Longer than an answer is waited for, shorter than a caller waits.
        tokio::time::sleep(Duration::from_millis(3_500)).await;
        world.nats.resume();
    };
    let (outcomes, ()) = tokio::join!(join_all(records), resume);
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(counted(&world.broker).await.len(), 11);
    let state = world.broker.stream_state(StreamName::Clicks).await.unwrap();
    assert!(state.messages > 3, "nothing was sent twice");
}

#[tokio::test]
async fn a_full_lane_refuses_and_what_waits_is_unacknowledged_in_time() {
    let mut world = World::new().await;
    let Open { lane, .. } = open(&world.broker);
    let workspace = workspaces(1)[0];
    world.nats.kill().await;
    let waiting: Vec<_> = (0..LANE_CLICKS_MAX)
        .map(|_| {
            let lane = lane.clone();
            let mut record = Box::pin(async move { lane.record(workspace, &click()).await });
            assert!(futures::FutureExt::now_or_never(&mut record).is_none());
            record
        })
        .collect();
    assert!(matches!(
        lane.record(workspace, &click()).await,
        Err(LaneError::Full)
    ));
    let outcomes = join_all(waiting).await;
    assert!(
        outcomes
            .iter()
            .all(|it| matches!(it, Err(LaneError::Unacknowledged)))
    );
    // What nobody waits for any more is stored all the same.
    world.nats.start_again().await.unwrap();
    let room = async {
        while lane.record(workspace, &click()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), room)
        .await
        .unwrap();
    assert_eq!(counted(&world.broker).await.len(), LANE_CLICKS_MAX + 1);
}

#[tokio::test]
async fn a_lane_drains_before_it_ends() {
    let world = World::new().await;
    let Open {
        lane,
        shutdown,
        worker,
    } = open(&world.broker);
    let workspace = workspaces(1)[0];
    let records: Vec<_> = (0..5_000)
        .map(|_| {
            let lane = lane.clone();
            let mut record = Box::pin(async move { lane.record(workspace, &click()).await });
            drop(futures::FutureExt::now_or_never(&mut record));
            record
        })
        .collect();
    shutdown.cancel();
    worker.await.unwrap();
    for outcome in join_all(records).await {
        outcome.unwrap();
    }
    assert!(matches!(
        lane.record(workspace, &click()).await,
        Err(LaneError::Closed)
    ));
}
