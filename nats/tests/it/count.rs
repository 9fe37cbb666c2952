//! Counters that all processes share.

use std::collections::BTreeSet;

use futures::future::join_all;
use nats::{Broker, RequestError};

use crate::world::World;

#[tokio::test]
async fn of_many_who_count_at_once_each_is_told_a_total_of_its_own() {
    let world = World::new().await;
    let url = world.nats.url();
    let connecting = join_all((0..8).map(|_| Broker::connect(&url, "replica")));
    let replicas: Vec<_> = connecting.await.into_iter().map(Result::unwrap).collect();
    let counting = replicas
        .iter()
        .flat_map(|replica| (0..50).map(|_| replica.count("login-address", "a-b_c", 7, 1)));
    let totals: BTreeSet<u64> = join_all(counting)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(totals, (1..=400).collect());
}

#[tokio::test]
async fn each_limit_name_and_window_has_a_counter_of_its_own() {
    let World {
        broker,
        nats: _nats,
    } = World::new().await;
    for (name, key, window) in [("a", "x", 1), ("b", "x", 1), ("a", "y", 1), ("a", "x", 2)] {
        assert_eq!(broker.count(name, key, window, 1).await, Ok(1));
        assert_eq!(broker.count(name, key, window, 1).await, Ok(2));
    }
}

#[tokio::test]
async fn who_counts_while_the_broker_is_away_is_told_at_once() {
    let mut world = World::new().await;
    let broker = world.broker.clone();
    world.nats.kill().await;
    broker.connection().wait_for(|it| !it.is_up).await.unwrap();
    let counted = broker.count("a", "x", 1, 1).await;
    assert!(
        matches!(counted, Err(RequestError::NoAnswer(_))),
        "{counted:?}"
    );
}

#[tokio::test]
async fn a_broker_that_was_restarted_counts_from_the_beginning() {
    let mut world = World::new().await;
    let broker = world.broker.clone();
    assert_eq!(broker.count("a", "x", 1, 1).await, Ok(1));
    world.nats.kill().await;
    world.nats.start_again().await.unwrap();
    let back = async {
        broker
            .connection()
            .wait_for(|it| it.count == 2)
            .await
            .map(drop)
    };
    back.await.unwrap();
    let counting = join_all((0..20).map(|_| broker.count("a", "x", 1, 1)));
    let totals: BTreeSet<_> = counting.await.into_iter().map(Result::unwrap).collect();
    assert_eq!(totals, (1..=20).collect());
}
