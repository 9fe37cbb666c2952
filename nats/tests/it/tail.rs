//! Reading a stream as it grows.

use std::time::Duration;

use events::StreamName;
use futures::FutureExt;
use nats::{Expected, Start, Tail};

use crate::world::{World, claim, event, fill, subject};

async fn sequences(tail: &mut Tail, count: usize) -> Vec<u64> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let batch = tail.next_batch(100, 1 << 20);
        let batch = tokio::time::timeout(Duration::from_secs(20), batch)
            .await
            .unwrap()
            .unwrap();
        seen.extend(batch.iter().map(|it| it.position.sequence));
    }
    seen
}

#[tokio::test]
async fn a_tail_gives_everything_in_order_from_where_it_began() {
    let world = World::new().await;
    fill(&world.broker, &subject(), 2_000).await;
    let mut all = world
        .broker
        .tail(StreamName::Core, Start::Sequence(1))
        .await
        .unwrap();
    assert_eq!(
        sequences(&mut all, 2_000).await,
        (1..=2_000).collect::<Vec<_>>()
    );
    assert_eq!(all.pending(), 0);
    let mut late = world
        .broker
        .tail(StreamName::Core, Start::Sequence(1_990))
        .await
        .unwrap();
    assert_eq!(
        sequences(&mut late, 11).await,
        (1_990..=2_000).collect::<Vec<_>>()
    );
    let mut new = world
        .broker
        .tail(StreamName::Core, Start::New)
        .await
        .unwrap();
    assert!(new.next_batch(1, 1).now_or_never().is_none());
    fill(&world.broker, &subject(), 1).await;
    assert_eq!(sequences(&mut new, 1).await, [2_001]);
}

#[tokio::test]
async fn a_batch_keeps_to_its_bounds_and_takes_what_is_there() {
    let world = World::new().await;
    fill(&world.broker, &subject(), 3_000).await;
    let mut tail = world
        .broker
        .tail(StreamName::Core, Start::Sequence(1))
        .await
        .unwrap();
    assert_eq!(tail.next_batch(7, 1 << 20).await.unwrap().len(), 7);
    assert_eq!(tail.next_batch(7, 1).await.unwrap().len(), 1);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(tail.next_batch(5_000, 1 << 30).await.unwrap().len(), 2_992);
}

#[tokio::test]
async fn a_tail_outlives_crashes_without_a_gap_or_a_repeat() {
    let mut world = World::new().await;
    let mut tail = world
        .broker
        .tail(StreamName::Core, Start::New)
        .await
        .unwrap();
    let broker = world.broker.clone();
    let writer = tokio::spawn(async move {
        let subject = subject();
        for last in 0..3_000 {
            broker
                .append(&[event(&subject, Expected::LastSequence(last))])
                .await
                .unwrap();
        }
    });
    let reader = tokio::spawn(async move { sequences(&mut tail, 3_000).await });
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.nats.kill().await;
        world.nats.start_again().await.unwrap();
    }
    assert_eq!(reader.await.unwrap(), (1..=3_000).collect::<Vec<_>>());
    writer.await.unwrap();
}

#[tokio::test]
async fn a_reader_resumes_where_its_checkpoint_says() {
    let world = World::new().await;
    let mut tail = world.broker.resume(StreamName::Core, None).await.unwrap();
    fill(&world.broker, &subject(), 2).await;
    world
        .broker
        .append(&[claim("a").with_ttl(Duration::from_secs(1))])
        .await
        .unwrap();
    sequences(&mut tail, 3).await;
    let checkpoint = tail.checkpoint();
    assert_eq!((checkpoint.sequence, checkpoint.event_sequence), (3, 2));
    fill(&world.broker, &subject(), 2).await;
    // The claim may expire; the event before it vouches for the log.
    let gone = async {
        while world
            .broker
            .stream_state(StreamName::Core)
            .await
            .unwrap()
            .messages
            > 4
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone)
        .await
        .unwrap();
    let mut tail = world
        .broker
        .resume(StreamName::Core, Some(&checkpoint))
        .await
        .unwrap();
    assert_eq!(sequences(&mut tail, 2).await, [4, 5]);
}

#[tokio::test]
async fn a_tail_tells_whether_it_reads_and_how_much_waits() {
    let mut world = World::new().await;
    fill(&world.broker, &subject(), 3).await;
    let start = Start::Sequence(2);
    let mut tail = world.broker.tail(StreamName::Core, start).await.unwrap();
    let mut reading = tail.reading();
    assert_eq!((tail.pending(), *reading.borrow()), (2, true));
    sequences(&mut tail, 2).await;
    let broker = world.broker.clone();
    let reader = tokio::spawn(async move { sequences(&mut tail, 1).await });
    world.nats.kill().await;
    reading.wait_for(|it| !it).await.unwrap();
    world.nats.start_again().await.unwrap();
    reading.wait_for(|it| *it).await.unwrap();
    fill(&broker, &subject(), 1).await;
    assert_eq!(reader.await.unwrap(), [4]);
}

#[tokio::test]
async fn a_tail_since_a_time_begins_with_the_first_message_stored_then() {
    let world = World::new().await;
    fill(&world.broker, &subject(), 3).await;
    let fourth = subject();
    fill(&world.broker, &fourth, 1).await;
    let time = world.broker.last(&fourth).await.unwrap().unwrap().stored_at;
    fill(&world.broker, &subject(), 2).await;
    let since = async |time: &str| {
        let start = Start::Since(time.parse().unwrap());
        world.broker.tail(StreamName::Core, start).await.unwrap()
    };
    let mut tail = since(&time.to_string()).await;
    assert_eq!(sequences(&mut tail, 3).await, [4, 5, 6]);
    let mut all = since("2020-01-01T00:00:00Z").await;
    assert_eq!(sequences(&mut all, 6).await, (1..=6).collect::<Vec<_>>());
    let mut new = since("2200-01-01T00:00:00Z").await;
    assert!(new.has_caught_up());
    fill(&world.broker, &subject(), 1).await;
    assert_eq!(sequences(&mut new, 1).await, [7]);
}

#[tokio::test]
async fn a_tail_of_an_empty_stream_since_a_time_begins_with_its_first_message() {
    let world = World::new().await;
    let start = Start::Since("2020-01-01T00:00:00Z".parse().unwrap());
    let mut tail = world.broker.tail(StreamName::Core, start).await.unwrap();
    assert!(tail.catch_up(1, 1).await.unwrap().is_none());
    fill(&world.broker, &subject(), 1).await;
    assert_eq!(sequences(&mut tail, 1).await, [1]);
}

/// How far a tail has read when it says that it has caught up.
async fn caught_up_at(tail: &mut Tail) -> u64 {
    let all = async { while tail.catch_up(400, 1 << 20).await.unwrap().is_some() {} };
    let in_time = tokio::time::timeout(Duration::from_secs(20), all).await;
    in_time.unwrap();
    tail.checkpoint().sequence
}

#[tokio::test]
async fn a_tail_has_caught_up_when_it_gave_out_all_that_was_there() {
    let world = World::new().await;
    fill(&world.broker, &subject(), 1_000).await;
    let mut tail = world.broker.resume(StreamName::Core, None).await.unwrap();
    assert!(!tail.has_caught_up());
    let batch = tail.catch_up(999, 1 << 20).await.unwrap().unwrap();
    assert!(!batch.is_empty() && !tail.has_caught_up());
    fill(&world.broker, &subject(), 1).await;
    assert!(caught_up_at(&mut tail).await >= 1_000);
    assert!(tail.has_caught_up());
}

#[tokio::test]
async fn a_tail_catches_up_though_what_it_waits_for_expires() {
    let world = World::new().await;
    fill(&world.broker, &subject(), 1).await;
    let passing = [claim("a").with_ttl(Duration::from_secs(1))];
    world.broker.append(&passing).await.unwrap();
    let gone = async {
        let state = || world.broker.stream_state(StreamName::Core);
        while state().await.unwrap().messages > 1 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(10), gone).await;
    in_time.unwrap();
    let mut tail = world.broker.resume(StreamName::Core, None).await.unwrap();
    assert_eq!(caught_up_at(&mut tail).await, 1);
    fill(&world.broker, &subject(), 1).await;
    assert_eq!(sequences(&mut tail, 1).await, [3]);
}
