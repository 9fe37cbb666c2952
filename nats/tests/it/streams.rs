//! The streams' definitions, applied to brokers that have other ones.

use async_nats::jetstream::stream::Compression;
use async_nats::jetstream::{
    self,
    stream::{Config, StorageType},
};
use events::StreamName;
use nats::{Broker, StreamChange, StreamError};
use servers::testing::TestNats;

use crate::world::client;

struct Admin {
    broker: Broker,
    jetstream: jetstream::Context,
    nats: TestNats,
}

async fn admin() -> Admin {
    let nats = servers::testing::nats().await;
    let client = client(&nats).await;
    let broker = Broker::connect(&nats.url(), "test").await.unwrap();
    Admin {
        broker,
        jetstream: jetstream::new(client),
        nats,
    }
}

async fn changes(broker: &Broker) -> Vec<StreamChange> {
    broker
        .apply_streams()
        .await
        .unwrap()
        .into_iter()
        .map(|it| it.change)
        .collect()
}

#[tokio::test]
async fn streams_are_made_once_and_keep_their_incarnation() {
    let mut admin = admin().await;
    let made = changes(&admin.broker).await;
    assert_eq!(made, vec![StreamChange::Created; made.len()]);
    let made = admin.broker.stream_state(StreamName::Core).await.unwrap();
    assert_eq!((made.last_sequence, made.messages), (0, 0));
    let again = changes(&admin.broker).await;
    assert_eq!(again, vec![StreamChange::Unchanged; again.len()]);
    admin.nats.kill().await;
    admin.nats.start_again().await.unwrap();
    admin
        .broker
        .connection()
        .wait_for(|it| it.count == 2)
        .await
        .unwrap();
    // A lone broker keeps nothing in its memory over a restart, not even that there was a stream.
    let mut applied = vec![StreamChange::Unchanged; again.len()];
    let in_memory = applied.len() - 2;
    applied[in_memory..].fill(StreamChange::Created);
    assert_eq!(changes(&admin.broker).await, applied);
    let found = admin.broker.stream_state(StreamName::Core).await.unwrap();
    assert_eq!(found.incarnation, made.incarnation);
    assert_eq!(found.incarnation.uuid().get_version_num(), 4);
}

#[tokio::test]
async fn of_processes_that_start_at_once_one_makes_the_streams() {
    let admin = admin().await;
    let applying = (0..8).map(|_| {
        let broker = admin.broker.clone();
        async move {
            broker.apply_streams().await.unwrap();
            broker
                .stream_state(StreamName::Links)
                .await
                .unwrap()
                .incarnation
        }
    });
    let seen = futures::future::join_all(applying).await;
    assert!(seen.iter().all(|it| *it == seen[0]), "{seen:?}");
}

#[tokio::test]
async fn what_the_operator_chose_stays_and_what_the_definition_says_comes_back() {
    let Admin {
        broker,
        jetstream,
        nats: _nats,
    } = admin().await;
    broker.apply_streams().await.unwrap();
    let before = broker
        .stream_state(StreamName::Media)
        .await
        .unwrap()
        .incarnation;
    let mut config = jetstream
        .get_stream("MEDIA")
        .await
        .unwrap()
        .cached_info()
        .config
        .clone();
    config.max_messages = 5;
    // As it was before: see ADR 16.
    config.compression = Some(Compression::S2);
    config
        .metadata
        .insert("team".to_owned(), "infra".to_owned());
    jetstream.update_stream(&config).await.unwrap();
    let applied = broker.apply_streams().await.unwrap();
    let media = applied.iter().find(|it| it.name == "MEDIA").unwrap();
    assert_eq!(media.change, StreamChange::Updated);
    let config = jetstream
        .get_stream("MEDIA")
        .await
        .unwrap()
        .cached_info()
        .config
        .clone();
    assert_eq!(
        (config.max_messages, config.metadata["team"].as_str()),
        (-1, "infra")
    );
    assert_ne!(config.compression, Some(Compression::S2));
    assert_eq!(
        broker
            .stream_state(StreamName::Media)
            .await
            .unwrap()
            .incarnation,
        before
    );
}

#[tokio::test]
async fn a_change_that_the_broker_refuses_is_told_with_field_and_reason() {
    let Admin {
        broker,
        jetstream,
        nats: _nats,
    } = admin().await;
    let config = Config {
        name: "CORE".to_owned(),
        subjects: vec!["core.>".to_owned()],
        storage: StorageType::Memory,
        ..Config::default()
    };
    jetstream.create_stream(config).await.unwrap();
    let refused = broker.apply_streams().await;
    let Err(StreamError::Refused {
        stream,
        fields,
        reason,
    }) = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(stream, "CORE");
    assert!(
        fields.contains(r#"storage: "memory" -> "file""#),
        "{fields}"
    );
    assert!(reason.to_string().contains("storage type"), "{reason}");
}

#[tokio::test]
async fn a_stream_made_by_the_command_line_has_a_lasting_incarnation_too() {
    let Admin {
        broker,
        jetstream,
        nats: _nats,
    } = admin().await;
    let config = Config {
        name: "CLICKS".to_owned(),
        subjects: vec!["clicks.>".to_owned()],
        ..Config::default()
    };
    jetstream.create_stream(config).await.unwrap();
    let before = broker
        .stream_state(StreamName::Clicks)
        .await
        .unwrap()
        .incarnation;
    broker.apply_streams().await.unwrap();
    assert_eq!(
        broker
            .stream_state(StreamName::Clicks)
            .await
            .unwrap()
            .incarnation,
        before
    );
}
