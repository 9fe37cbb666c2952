//! The connection, the notices and the keys.

use std::time::Duration;

use bytes::Bytes;
use events::{Context, UserId};
use nats::{Broker, ConnectError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::world::{World, uuid};

#[tokio::test]
async fn a_broker_that_is_too_old_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let info = r#"{"server_id":"X","version":"2.14.9","headers":true,"max_payload":1048576,"jetstream":true}"#;
        socket
            .write_all(format!("INFO {info}\r\n").as_bytes())
            .await
            .unwrap();
        let mut heard = [0; 1_024];
        while socket.read(&mut heard).await.unwrap_or(0) > 0 {
            drop(socket.write_all(b"PONG\r\n").await);
        }
    });
    let refused = Broker::connect(&url, "test").await;
    assert!(matches!(refused, Err(ConnectError::TooOld { found }) if found == "2.14.9"));
    server.abort();
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_told() {
    let nats = servers::testing::nats().await;
    let (start, _) = nats
        .url()
        .split_once("millrace:")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let address = nats.url().split_once('@').unwrap().1.to_owned();
    let refused = Broker::connect(&format!("{start}millrace:guess@{address}"), "test").await;
    let Err(error @ ConnectError::Unreachable(_)) = refused else {
        panic!("{refused:?}")
    };
    assert!(!format!("{error:?}").contains("guess"));
}

#[tokio::test]
async fn the_connection_comes_back_by_itself() {
    let mut world = World::new().await;
    let mut connection = world.broker.connection();
    assert!(world.broker.is_connected() && connection.borrow().is_up);
    world.nats.kill().await;
    connection.wait_for(|it| !it.is_up).await.unwrap();
    world.nats.start_again().await.unwrap();
    let back = connection.wait_for(|it| it.is_up);
    assert_eq!(back.await.unwrap().count, 2);
    assert!(world.broker.round_trip().await.unwrap() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_notice_reaches_who_listens_over_a_restart_too() {
    let mut world = World::new().await;
    let mut changes = world.broker.changes().await.unwrap();
    for round in 0..2 {
        let position = format!("LINKS:{round}").parse().unwrap();
        world
            .broker
            .publish_changed(Context::Links, "link_list", position)
            .await
            .unwrap();
        let notice = tokio::time::timeout(Duration::from_secs(5), changes.next())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (notice.context, notice.projection.as_str()),
            (Context::Links, "link_list")
        );
        assert_eq!(notice.position, position);
        world.nats.kill().await;
        world.nats.start_again().await.unwrap();
        world
            .broker
            .connection()
            .wait_for(|it| it.count == round + 2)
            .await
            .unwrap();
    }
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
