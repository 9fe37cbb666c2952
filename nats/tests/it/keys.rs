//! The bucket of wrapped keys.

use std::collections::BTreeMap;

use bytes::Bytes;
use events::UserId;
use futures::future::join_all;
use nats::{Broker, WrappedKey};

use crate::world::{World, uuid};

async fn all(broker: &Broker) -> BTreeMap<UserId, WrappedKey> {
    let (mut keys, mut all) = (broker.wrapped_keys().await.unwrap(), BTreeMap::new());
    loop {
        let page = keys.next_page().await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page.into_iter().map(|it| (it.user, it)));
    }
}

async fn put(broker: &Broker, wrapped: &'static str) -> UserId {
    let user = UserId::new(uuid());
    broker.put_key(user, wrapped.into()).await.unwrap();
    user
}

#[tokio::test]
async fn a_key_is_kept_replaced_and_destroyed() {
    let World {
        broker,
        nats: _nats,
    } = World::new().await;
    let user = UserId::new(uuid());
    assert_eq!(broker.key(user).await.unwrap(), None);
    for wrapped in ["old", "new"] {
        broker
            .put_key(user, Bytes::from_static(wrapped.as_bytes()))
            .await
            .unwrap();
        assert_eq!(broker.key(user).await.unwrap().unwrap(), wrapped);
    }
    broker.destroy_key(user).await.unwrap();
    assert_eq!(broker.key(user).await.unwrap(), None);
}

#[tokio::test]
async fn a_key_is_put_over_a_restart() {
    let mut world = World::new().await;
    let (broker, user) = (world.broker.clone(), UserId::new(uuid()));
    let mut connection = broker.connection();
    world.nats.kill().await;
    connection.wait_for(|it| !it.is_up).await.unwrap();
    let put = broker.put_key(user, Bytes::from_static(b"wrapped"));
    let (put, started) = tokio::join!(put, world.nats.start_again());
    started.unwrap();
    put.unwrap();
    assert_eq!(broker.key(user).await.unwrap().unwrap(), "wrapped");
}

#[tokio::test]
async fn every_key_is_listed_with_its_owner_and_nothing_else_is() {
    let World {
        broker,
        nats: _nats,
    } = World::new().await;
    assert!(all(&broker).await.is_empty());
    broker.settle_secret("secret".into()).await.unwrap();
    let mut users = Vec::new();
    for _ in 0..600 {
        users.push(put(&broker, "old").await);
    }
    broker.put_key(users[0], "new".into()).await.unwrap();
    broker.destroy_key(users[1]).await.unwrap();
    let keys = all(&broker).await;
    assert_eq!(keys.len(), 599);
    assert_eq!(
        (&*keys[&users[0]].wrapped, keys[&users[0]].sequence),
        (&b"new"[..], 602)
    );
    assert_eq!(
        (&*keys[&users[2]].wrapped, keys[&users[2]].sequence),
        (&b"old"[..], 4)
    );
    assert!(!keys.contains_key(&users[1]));
}

#[tokio::test]
async fn a_listing_ends_though_each_key_is_replaced_meanwhile() {
    let World {
        broker,
        nats: _nats,
    } = World::new().await;
    for _ in 0..3 {
        put(&broker, "old").await;
    }
    let (mut keys, mut replaced) = (broker.wrapped_keys().await.unwrap(), 0);
    loop {
        let page = keys.next_page().await.unwrap();
        if page.is_empty() {
            break;
        }
        for key in page {
            let is_ours = broker.replace_key(key.user, "new".into(), key.sequence);
            assert!(is_ours.await.unwrap());
            replaced += 1;
        }
    }
    assert_eq!(replaced, 3);
    assert!(all(&broker).await.values().all(|it| it.wrapped == "new"));
}

#[tokio::test]
async fn a_key_that_was_changed_or_destroyed_meanwhile_is_not_replaced() {
    let World {
        broker,
        nats: _nats,
    } = World::new().await;
    let (changed, destroyed) = (put(&broker, "old").await, put(&broker, "old").await);
    let listed = all(&broker).await;
    broker.put_key(changed, "newer".into()).await.unwrap();
    broker.destroy_key(destroyed).await.unwrap();
    for (user, stands) in [(changed, Some("newer".into())), (destroyed, None)] {
        let late = broker.replace_key(user, "ours".into(), listed[&user].sequence);
        assert!(!late.await.unwrap());
        assert_eq!(broker.key(user).await.unwrap(), stands);
    }
}

#[tokio::test]
async fn a_replacement_that_is_sent_again_is_the_same_success() {
    let World {
        broker,
        nats: _nats,
    } = World::new().await;
    let user = put(&broker, "old").await;
    let sequence = all(&broker).await[&user].sequence;
    for _ in 0..2 {
        let replaced = broker.replace_key(user, "ours".into(), sequence).await;
        assert!(replaced.unwrap());
    }
}

#[tokio::test]
async fn a_key_is_replaced_over_a_restart() {
    let mut world = World::new().await;
    let broker = world.broker.clone();
    let user = put(&broker, "old").await;
    let sequence = all(&broker).await[&user].sequence;
    world.nats.kill().await;
    broker.connection().wait_for(|it| !it.is_up).await.unwrap();
    let replace = broker.replace_key(user, "ours".into(), sequence);
    let (replaced, started) = tokio::join!(replace, world.nats.start_again());
    started.unwrap();
    assert!(replaced.unwrap());
}

#[tokio::test]
async fn of_many_secrets_at_once_one_stands_until_it_is_replaced() {
    let World {
        broker,
        nats: _nats,
    } = World::new().await;
    assert_eq!(broker.secret().await.unwrap(), None);
    let ours: Vec<Bytes> = (0..20).map(|it| it.to_string().into()).collect();
    let settled = ours.iter().map(|it| broker.settle_secret(it.clone()));
    let settled = join_all(settled).await;
    let (stands, sequence) = broker.secret().await.unwrap().unwrap();
    assert!(ours.contains(&stands));
    assert!(
        settled.iter().all(|it| it.as_ref() == Ok(&stands)),
        "{settled:?}"
    );
    assert!(
        broker
            .replace_secret("other".into(), sequence)
            .await
            .unwrap()
    );
    assert!(
        !broker
            .replace_secret("late".into(), sequence)
            .await
            .unwrap()
    );
    let later = broker.settle_secret("later".into()).await;
    assert_eq!(later.unwrap(), "other");
}

#[tokio::test]
async fn before_the_first_start_there_is_no_secret_and_nothing_is_made_by_looking() {
    let nats = servers::testing::nats().await;
    let broker = Broker::connect(&nats.url(), "test").await.unwrap();
    assert_eq!(broker.secret().await.unwrap(), None);
    assert!(broker.wrapped_keys().await.is_err());
}
