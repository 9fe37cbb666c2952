//! Things that happen in tests.

use events::core::{ApiKeyEvent, Scope, SessionEvent, UserEvent};
use events::links::{Click, ClickEvent, Label, LinkEvent, OwnDomainEvent, Route, Utm};
use events::media::{AssetEvent, Visibility};
use events::{
    Actor, ApiKeyId, AssetId, ClaimKind, ClickId, Context, DomainEvent, DomainId, EventId, LinkId,
    Metadata, Position, SessionId, StreamName, Subject, Timestamp, UserId, WorkspaceId,
};
use nats::{Broker, ClickLane, Expected, NewMessage, Spool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use servers::Scratch;
use service::sealed::SealingKey;
use service::shutdown::Tasks;
use service::world;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::{Log, eventually};

/// More than any test makes wait.
const SPOOL_BYTES_MAX: u64 = 1 << 30;

pub(crate) fn workspace() -> WorkspaceId {
    WorkspaceId::new(world::new_id())
}

pub(crate) fn link(workspace: WorkspaceId) -> Subject {
    Subject::Link(workspace, LinkId::new(world::new_id()))
}

pub(crate) fn asset(workspace: WorkspaceId) -> Subject {
    Subject::Asset(workspace, AssetId::new(world::new_id()))
}

pub(crate) fn user() -> UserId {
    UserId::new(world::new_id())
}

pub(crate) fn session() -> SessionId {
    SessionId::new(world::new_id())
}

pub(crate) fn api_key(workspace: WorkspaceId) -> Subject {
    Subject::ApiKey(workspace, ApiKeyId::new(world::new_id()))
}

fn metadata() -> Metadata {
    Metadata {
        id: EventId::new(world::new_id()),
        time: world::now(),
        actor: Actor::System,
        correlation: None,
        causation: None,
        traceparent: None,
    }
}

pub(crate) fn shortened(slug: &str) -> LinkEvent {
    LinkEvent::Shortened {
        domain: "go.example".to_owned(),
        own_domain: None,
        slug: slug.to_owned(),
        route: route(),
        label: Label {
            tags: vec!["mail".to_owned()],
            ..Label::default()
        },
    }
}

/// A domain comes, on which case tells slugs apart.
pub(crate) fn brought(domain_id: DomainId, domain: &str) -> OwnDomainEvent {
    OwnDomainEvent::Added {
        domain_id,
        domain: domain.to_owned(),
        is_case_sensitive: true,
        record_name: format!("_millrace.{domain}"),
        record_value: "proof".to_owned(),
    }
}

pub(crate) fn route() -> Route {
    Route {
        target: "https://shop.example/".to_owned(),
        status: 302,
        forward_query: false,
        utm: Utm::default(),
        rules: Vec::new(),
        expires_at: None,
        expired_target: None,
        max_clicks: None,
        password_hash: None,
    }
}

pub(crate) fn announced() -> AssetEvent {
    AssetEvent::Announced {
        filename: "cat.png".to_owned(),
        content_type: "image/png".to_owned(),
        size_bytes: 1_024,
        sha256: None,
        visibility: Visibility::Private,
        object_key: "1/2".to_owned(),
    }
}

pub(crate) fn stored() -> AssetEvent {
    AssetEvent::Stored { object_etag: None }
}

/// An event of a link that this program does not know.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) enum Strange {
    #[serde(rename = "exploded.v1")]
    Exploded { pieces: u32 },
}

impl DomainEvent for Strange {
    const AGGREGATE: &'static str = "millrace.links.link";
}

pub(crate) fn strange() -> Strange {
    Strange::Exploded { pieces: 3 }
}

/// A user's key, and what it says at registering.
pub(crate) fn registered(key: &SealingKey, email: &str) -> UserEvent {
    UserEvent::Registered {
        email: key.seal(UserEvent::EMAIL_SEAL, email).unwrap(),
        name: key.seal(UserEvent::NAME_SEAL, "Ada").unwrap(),
        password_hash: key.seal("password", "x").unwrap(),
        workspace: workspace(),
    }
}

/// A login at the first password.
pub(crate) fn opened(user: UserId, expires_at: Timestamp) -> SessionEvent {
    opened_at(1, user, expires_at)
}

/// A login at the password that the user had when the last thing that had happened to it was this one.
pub(crate) fn opened_at(user_version: u64, user: UserId, expires_at: Timestamp) -> SessionEvent {
    SessionEvent::Opened {
        user,
        workspace: workspace(),
        user_version,
        token_hash: "ab".repeat(32),
        expires_at,
        browser: Some("Firefox".to_owned()),
        os: Some("Linux".to_owned()),
    }
}

pub(crate) fn issued(user: UserId) -> ApiKeyEvent {
    ApiKeyEvent::Issued {
        user,
        name: "CI".to_owned(),
        scopes: vec![Scope::LinksRead, Scope::MediaWrite],
        secret_hash: "ef".repeat(32),
        expires_at: None,
    }
}

/// Makes a user's key and keeps it.
pub(crate) async fn person(log: &Log, user: UserId) -> SealingKey {
    let key = SealingKey::random().unwrap();
    let wrapped = log.keyring.wrap(user, &key).unwrap();
    log.broker.put_key(user, wrapped.into()).await.unwrap();
    key
}

pub(crate) fn click(link: LinkId) -> ClickEvent<'static> {
    let data = Click {
        country: Some("NP".into()),
        browser: Some("Firefox".into()),
        os: Some("Linux".into()),
        device: Some("desktop".into()),
        ..Click::of(link, "spring")
    };
    ClickEvent::new(ClickId::new(world::new_id()), world::now(), data)
}

/// A lane, and its worker at work until it is dropped.
pub(crate) struct Clicks {
    lane: ClickLane,
    broker: Broker,
    _stop: DropGuard,
    _spool: Scratch,
}

pub(crate) fn lane(log: &Log, producer: Uuid) -> Clicks {
    let stop = CancellationToken::new();
    let folder = servers::testing::scratch();
    let spool = Spool::open(folder.path(), SPOOL_BYTES_MAX).unwrap();
    let (lane, worker) = ClickLane::new(log.broker.clone(), producer, spool, stop.clone());
    Tasks::default().spawn("lane", worker);
    Clicks {
        lane,
        broker: log.broker.clone(),
        _stop: stop.drop_guard(),
        _spool: folder,
    }
}

impl Clicks {
    /// Clicks `count` times at once, and tells where the last one stands.
    pub(crate) async fn click(
        &self,
        workspace: WorkspaceId,
        link: LinkId,
        count: usize,
    ) -> Position {
        let clicks: Vec<_> = (0..count).map(|_| click(link)).collect();
        self.record(workspace, &clicks).await
    }

    /// Records these, waits until they are in the log, and tells where the last one stands.
    pub(crate) async fn record(
        &self,
        workspace: WorkspaceId,
        clicks: &[ClickEvent<'_>],
    ) -> Position {
        let recorded = clicks
            .iter()
            .map(|click| self.lane.record(workspace, click));
        futures::future::try_join_all(recorded).await.unwrap();
        // A busy machine's broker may have been too slow for them, and a killed one not be back yet.
        let state = eventually("they are in the log", async || {
            match self.lane.spool().messages {
                0 => Ok(self.broker.stream_state(StreamName::Clicks).await),
                waiting => Err(format!("{waiting} wait")),
            }?
            .map_err(|error| error.to_string())
        })
        .await;
        Position {
            stream: StreamName::Clicks,
            sequence: state.last_sequence,
        }
    }
}

impl Log {
    /// Something happens, whatever happened before.
    pub(crate) async fn append<E: DomainEvent>(&self, subject: &Subject, event: &E) -> Position {
        let message = NewMessage::event(subject.clone(), &metadata(), event, Expected::Any);
        self.broker
            .append(&[message.unwrap()])
            .await
            .unwrap()
            .position
    }

    /// Somebody claims a value.
    pub(crate) async fn claims(&self) -> Position {
        let subject = Subject::Claim(Context::Links, ClaimKind::Slug, "c3ByaW5n".to_owned());
        let claim = NewMessage::claim(subject, EventId::new(world::new_id()), "{}");
        self.broker.append(&[claim]).await.unwrap().position
    }
}
