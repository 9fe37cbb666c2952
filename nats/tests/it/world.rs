//! A broker of the test's own, with the streams in it, and events to append.

use events::core::WorkspaceEvent;
use events::{Actor, ClaimKind, Context, EventId, Metadata, Subject, UserId, WorkspaceId};
use nats::{Broker, Expected, NewMessage};
use servers::testing::TestNats;
use uuid::Uuid;

pub(crate) struct World {
    pub(crate) nats: TestNats,
    pub(crate) broker: Broker,
}

impl World {
    pub(crate) async fn new() -> Self {
        let nats = servers::testing::nats().await;
        let broker = Broker::connect(&nats.url(), "test").await.unwrap();
        broker.apply_streams().await.unwrap();
        Self { nats, broker }
    }
}

/// A client that can do what a [`Broker`] does not offer.
pub(crate) async fn client(nats: &TestNats) -> async_nats::Client {
    let url = nats.url();
    let (login, address) = url.trim_start_matches("nats://").split_once('@').unwrap();
    let (user, password) = login.split_once(':').unwrap();
    let options = async_nats::ConnectOptions::with_user_and_password(user.into(), password.into());
    options.connect(address).await.unwrap()
}

pub(crate) fn uuid() -> Uuid {
    Uuid::now_v7()
}

pub(crate) fn subject() -> Subject {
    Subject::Workspace(WorkspaceId::new(uuid()))
}

pub(crate) fn claim_subject(key: &str) -> Subject {
    Subject::Claim(Context::Core, ClaimKind::Email, key.to_owned())
}

pub(crate) fn claim(key: &str) -> NewMessage {
    NewMessage::claim(claim_subject(key), EventId::new(uuid()), "{}")
}

pub(crate) fn metadata() -> Metadata {
    Metadata {
        id: EventId::new(uuid()),
        time: "2026-11-21T10:00:00Z".parse().unwrap(),
        actor: Actor::System,
        correlation: Some("request\r\n1".to_owned()),
        causation: None,
        traceparent: None,
    }
}

pub(crate) fn opened() -> WorkspaceEvent {
    WorkspaceEvent::Opened {
        owner: UserId::new(uuid()),
    }
}

pub(crate) fn event(subject: &Subject, expected: Expected) -> NewMessage {
    NewMessage::event(subject.clone(), &metadata(), &opened(), expected).unwrap()
}

/// Appends to one subject, and answers the sequence of the last.
pub(crate) async fn fill(broker: &Broker, subject: &Subject, count: usize) -> u64 {
    let messages: Vec<_> = (0..count).map(|_| event(subject, Expected::Any)).collect();
    let mut last = 0;
    for chunk in messages.chunks(nats::BATCH_MESSAGES_MAX) {
        last = broker.append(chunk).await.unwrap().position.sequence;
    }
    last
}
