//! Salts that all processes share for a day.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::stream::StorageType;
use futures::future::join_all;
use nats::{Broker, RequestError};

use crate::world::{World, client};

#[tokio::test]
async fn of_many_who_bring_a_salt_one_is_first_and_all_are_answered_alike() {
    let world = World::new().await;
    let url = world.nats.url();
    let connecting = join_all((0..8).map(|_| Broker::connect(&url, "replica")));
    let replicas: Vec<_> = connecting.await.into_iter().map(Result::unwrap).collect();
    let settling = (0_u8..).zip(&replicas);
    let settling = settling.map(|(number, it)| it.settle_salt(20_778, [number; 32]));
    let salts = join_all(settling).await;
    let first = salts[0].clone().unwrap();
    assert!(salts.iter().all(|it| *it == Ok(first)), "{salts:?}");
    assert!(first[0] < 8 && first == [first[0]; 32]);
    // Who comes later is answered with it, too.
    assert_eq!(world.broker.settle_salt(20_778, [9; 32]).await, Ok(first));
    assert_eq!(world.broker.settle_salt(20_779, [9; 32]).await, Ok([9; 32]));
}

#[tokio::test]
async fn a_salt_is_in_memory_alone_and_goes_after_25_hours() {
    let mut world = World::new().await;
    let broker = world.broker.clone();
    assert_eq!(broker.settle_salt(1, [1; 32]).await, Ok([1; 32]));
    world.nats.kill().await;
    world.nats.start_again().await.unwrap();
    let back = async {
        let mut connection = broker.connection();
        connection.wait_for(|it| it.count == 2).await.map(drop)
    };
    back.await.unwrap();
    assert_eq!(broker.settle_salt(1, [2; 32]).await, Ok([2; 32]));
    let context = jetstream::new(client(&world.nats).await);
    let mut stream = context.get_stream("SALTS").await.unwrap();
    let mut config = stream.info().await.unwrap().config.clone();
    assert_eq!(config.max_age, Duration::from_hours(25));
    assert_eq!(config.max_messages_per_subject, 1);
    assert_eq!(config.storage, StorageType::Memory);
    // Nobody waits for 25 hours here: what is older than the shortest age that is allowed goes at once.
    config.max_age = Duration::from_millis(100);
    config.duplicate_window = Duration::from_millis(100);
    context.update_stream(&config).await.unwrap();
    let gone = async {
        while stream.info().await.unwrap().state.messages > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone)
        .await
        .unwrap();
    assert_eq!(broker.settle_salt(1, [3; 32]).await, Ok([3; 32]));
}

#[tokio::test]
async fn who_asks_for_a_salt_while_the_broker_is_away_is_told_at_once() {
    let mut world = World::new().await;
    let broker = world.broker.clone();
    world.nats.kill().await;
    broker.connection().wait_for(|it| !it.is_up).await.unwrap();
    let salt = broker.settle_salt(1, [1; 32]).await;
    assert!(matches!(salt, Err(RequestError::NoAnswer(_))), "{salt:?}");
}
