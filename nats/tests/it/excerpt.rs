//! Reading a part of a stream: what stands on one subject within bounds, or the headers alone.

use std::time::Duration;

use events::StreamName;
use nats::ReadError;
use tokio::time::timeout;

use crate::world::{World, event, fill, subject};

#[tokio::test]
async fn an_excerpt_keeps_to_its_subject_and_its_bounds() {
    let world = World::new().await;
    let (one, other) = (subject(), subject());
    let mixed = [&one, &other].map(|it| event(it, nats::Expected::Any));
    for _ in 0..4 {
        world.broker.append(&mixed).await.unwrap();
    }
    let read = async |from, messages_max, bytes_max| {
        let excerpt = world.broker.excerpt(&one, from, messages_max, bytes_max);
        let messages = excerpt.await.unwrap().into_iter();
        messages.map(|it| it.position.sequence).collect::<Vec<_>>()
    };
    assert_eq!(read(1, 100, 1 << 20).await, [1, 3, 5, 7]);
    assert_eq!(read(2, 2, 1 << 20).await, [3, 5]);
    assert_eq!(read(2, 100, 1).await, [3], "at least one");
    assert_eq!(read(8, 100, 1 << 20).await, [0_u64; 0]);
}

#[tokio::test]
async fn who_skims_sees_the_headers_up_to_the_end_and_leaves_no_consumer() {
    let world = World::new().await;
    let (one, other) = (subject(), subject());
    for it in [&one, &other, &one, &other, &one] {
        fill(&world.broker, it, 1).await;
    }
    let long_ago = "2020-01-01T00:00:00Z".parse().unwrap();
    let far_off = "2200-01-01T00:00:00Z".parse().unwrap();
    for (subject, since, end, expected) in [
        (Some(one.clone()), long_ago, 3, vec![1, 3]),
        (None, long_ago, 4, vec![1, 2, 3, 4]),
        (Some(one), far_off, 5, vec![]),
    ] {
        let mut seen = Vec::new();
        let take = |message: &nats::StoredMessage| {
            assert!(message.body.is_empty() && message.id().is_some());
            seen.push(message.position.sequence);
        };
        let skimmed = world
            .broker
            .skim(StreamName::Core, subject, since, end, take);
        skimmed.await.unwrap();
        assert_eq!(seen, expected);
    }
    // What was cut off the stream since is not waited for.
    let beyond = world
        .broker
        .skim(StreamName::Core, None, long_ago, 6, |_| {});
    let beyond = timeout(Duration::from_secs(10), beyond)
        .await
        .expect("an answer");
    assert!(matches!(beyond, Err(ReadError::Diverged(_))), "{beyond:?}");
    let client = crate::world::client(&world.nats).await;
    let answer = client.request("$JS.API.CONSUMER.NAMES.CORE", "".into());
    let answer: serde_json::Value = serde_json::from_slice(&answer.await.unwrap().payload).unwrap();
    assert_eq!(answer["total"], 0, "{answer}");
}
