//! The connection and the notices.

use std::collections::BTreeSet;
use std::time::Duration;

use events::core::WorkspaceEvent;
use events::{ApiKeyId, Context, UserId, WorkspaceId};
use futures::future::join_all;
use nats::{Broker, ConnectError, ReadError, RequestError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::world::{World, subject, uuid};

/// Connects to a server that says this of itself, and answers why not.
async fn refusal(version: &str, max_payload: usize) -> ConnectError {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    let info = format!(
        r#"{{"server_id":"X","version":"{version}","headers":true,"max_payload":{max_payload},"jetstream":true}}"#
    );
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
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
    server.abort();
    refused.unwrap_err()
}

#[tokio::test]
async fn a_broker_that_is_too_old_is_refused() {
    let refused = refusal("2.14.9", 1 << 20).await;
    assert!(matches!(refused, ConnectError::TooOld { found } if found == "2.14.9"));
}

#[tokio::test]
async fn a_broker_that_takes_only_small_messages_is_refused_by_the_name_of_its_setting() {
    let refused = refusal("2.15.0", 65_536).await;
    assert!(
        matches!(
            refused,
            ConnectError::PayloadTooSmall {
                found: 65_536,
                needed: 1_048_576
            }
        ),
        "{refused:?}"
    );
    assert!(refused.to_string().contains("max_payload"), "{refused}");
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
        let notice = timeout(Duration::from_secs(5), changes.next())
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
async fn who_reads_while_the_broker_is_away_is_told_at_once() {
    let mut world = World::new().await;
    let broker = world.broker.clone();
    world.nats.kill().await;
    broker.connection().wait_for(|it| !it.is_up).await.unwrap();
    let reads = async {
        let subject = subject();
        [
            broker.history::<WorkspaceEvent>(&subject).await.err(),
            broker
                .history_from_leader::<WorkspaceEvent>(&subject)
                .await
                .err(),
            broker.last(&subject).await.err(),
            broker.last_from_leader(&subject).await.err(),
            broker.key(UserId::new(uuid())).await.err(),
        ]
    };
    let errors = timeout(Duration::from_millis(500), reads).await.unwrap();
    for error in errors {
        assert!(
            matches!(error, Some(ReadError::Unavailable(_))),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn nobody_waits_for_ever_to_be_heard_while_the_broker_is_away() {
    let mut world = World::new().await;
    let broker = world.broker.clone();
    world.nats.kill().await;
    broker.connection().wait_for(|it| !it.is_up).await.unwrap();
    // More than the client keeps for later.
    let position = "LINKS:1".parse().unwrap();
    let notices = (0..9_000).map(|_| broker.publish_changed(Context::Links, "link_list", position));
    let told = timeout(Duration::from_secs(10), join_all(notices))
        .await
        .unwrap();
    assert!(
        told.iter()
            .any(|it| matches!(it, Err(RequestError::NoAnswer(_))))
    );
    let question = timeout(Duration::from_secs(5), broker.round_trip()).await;
    assert!(matches!(question.unwrap(), Err(RequestError::NoAnswer(_))));
}

#[tokio::test]
async fn a_use_of_a_key_is_told_to_one_of_those_who_listen() {
    let world = World::new().await;
    let other = Broker::connect(&world.nats.url(), "other").await.unwrap();
    let mut listeners = [
        world.broker.uses().await.unwrap(),
        other.uses().await.unwrap(),
    ];
    // Behind these the subscriptions are known.
    world.broker.round_trip().await.unwrap();
    other.round_trip().await.unwrap();
    let uses: BTreeSet<_> = (0..50)
        .map(|_| (WorkspaceId::new(uuid()), ApiKeyId::new(uuid())))
        .collect();
    for (workspace, key) in &uses {
        world.broker.publish_used(*workspace, *key).await.unwrap();
    }
    let mut told = BTreeSet::new();
    let [one, two] = &mut listeners;
    while told.len() < uses.len() {
        let heard = async {
            tokio::select! { it = one.next() => it, it = two.next() => it }
        };
        let used = timeout(Duration::from_secs(5), heard)
            .await
            .unwrap()
            .unwrap();
        assert!(told.insert((used.workspace, used.key)), "told twice");
    }
    assert_eq!(told, uses);
}
