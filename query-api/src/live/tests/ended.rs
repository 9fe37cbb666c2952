//! Subscriptions end with the credential that they came in with.

use events::core::{ApiKeyEvent, CloseReason, Role, Scope, SessionEvent, WorkspaceEvent};
use events::{Actor, ApiKeyId, DomainEvent, EventId, Metadata, Subject, Timestamp};
use nats::{Expected, NewMessage};
use service::caller::ApiKey;
use tokio::time::Instant;

use super::*;

/// "Within a second."
const AT_ONCE: Duration = Duration::from_secs(1);

impl Process {
    async fn tell(&self, subject: Subject, event: &impl DomainEvent) {
        let metadata = Metadata {
            id: EventId::new(world::new_id()),
            time: world::now(),
            actor: Actor::System,
            correlation: None,
            causation: None,
            traceparent: None,
        };
        let message = NewMessage::event(subject, &metadata, event, Expected::Any).unwrap();
        self.broker.append(&[message]).await.unwrap();
    }
}

async fn ends_at_once(mut socket: Socket) {
    let begun = Instant::now();
    assert_eq!(frame(&mut socket).await, Err(4401));
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_socket_ends_with_its_token() {
    let process = Process::without_database().await;
    // Of its minute, and of the leeway that clocks are given, two seconds are left.
    let issued = Timestamp::new(world::now().odt() - Duration::from_secs(63));
    let token = token(&member_of(1), issued);
    let mut socket = process.subscribe_by(&token, WORKSPACE).await.unwrap();
    greeting(&mut socket).await;
    let opened = Instant::now();
    assert_eq!(frame(&mut socket).await, Err(4401));
    assert!(opened.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn a_socket_ends_when_its_session_does_and_the_others_go_on() {
    let process = Process::without_database().await;
    let (ada, bob) = (member_of(1), member_of(2));
    let link = LinkId::new(Uuid::from_u128(70));
    let mut of_ada = process.subscribe(&ada, WORKSPACE).await.unwrap();
    let mut of_bob = process.subscribe(&bob, WORKSPACE).await.unwrap();
    greeting(&mut of_ada).await;
    greeting(&mut of_bob).await;
    let (user, reason) = (ada.user, CloseReason::LoggedOut);
    let subject = Subject::Session(ada.session().unwrap());
    let closed = SessionEvent::Closed { user, reason };
    process.tell(subject, &closed).await;
    ends_at_once(of_ada).await;
    process.click(&bob, link).await;
    assert_eq!(frame(&mut of_bob).await.unwrap()["type"], "click");
    assert_eq!(process.subscribe(&ada, WORKSPACE).await.err(), Some(401));
}

#[tokio::test]
async fn a_socket_ends_when_its_members_role_changes() {
    let process = Process::without_database().await;
    let ada = member_of(1);
    let mut socket = process.subscribe(&ada, WORKSPACE).await.unwrap();
    greeting(&mut socket).await;
    let subject = Subject::Workspace(ada.workspace);
    let user = ada.user;
    let removed = WorkspaceEvent::MemberRemoved { user };
    process.tell(subject, &removed).await;
    ends_at_once(socket).await;
}

#[tokio::test]
async fn an_api_key_may_subscribe_until_it_is_revoked_and_needs_the_scope() {
    let process = Process::without_database().await;
    let ada = member_of(1);
    let (user, role) = (ada.user, Role::Editor);
    let workspace = Subject::Workspace(ada.workspace);
    let added = WorkspaceEvent::MemberAdded { user, role };
    process.tell(workspace, &added).await;
    let issue = async |scope| {
        let key = ApiKey::new(ada.workspace, ApiKeyId::new(world::new_id()), [7; 32]);
        let issued = ApiKeyEvent::Issued {
            user,
            name: "dashboard".to_owned(),
            scopes: vec![scope],
            secret_hash: key.secret_hash(),
            expires_at: None,
        };
        let subject = Subject::ApiKey(key.workspace, key.id);
        process.tell(subject.clone(), &issued).await;
        (key.reveal(), subject)
    };
    let (other, _) = issue(Scope::LinksRead).await;
    let refused = process.subscribe_by(&other, WORKSPACE).await;
    assert_eq!(refused.err(), Some(403));
    let (key, subject) = issue(Scope::ClicksRead).await;
    let mut socket = process.subscribe_by(&key, WORKSPACE).await.unwrap();
    greeting(&mut socket).await;
    process.tell(subject, &ApiKeyEvent::Revoked { user }).await;
    ends_at_once(socket).await;
    let refused = process.subscribe_by(&key, WORKSPACE).await;
    assert_eq!(refused.err(), Some(401));
}
