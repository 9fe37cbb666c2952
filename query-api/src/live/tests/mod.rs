//! Subscriptions over a real broker and real sockets.

mod admitted;
mod ended;
mod event_stream;
mod resumed;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use events::links::{Click, ClickEvent};
use events::{ClickId, Context, LinkId, Position, StreamName};
use futures::{SinkExt, StreamExt};
use nats::{Broker, ClickLane, Spool};
use serde_json::{Value, json};
use servers::Scratch;
use servers::testing::TestNats;
use service::caller::{Caller, Gate};
use service::health::Readiness;
use service::listen::Listener;
use service::metrics::Metrics;
use service::shutdown::Tasks;
use service::world;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::heartbeat::Heartbeats;
use super::hub::Hub;
use super::message::Message as Packed;
use crate::app::App;
use crate::testing::{Stage, database, member_of, router, token, tokens};
use crate::{DatabaseSettings, Parts};

const SOON: Duration = Duration::from_secs(10);
/// Between two heartbeats, where they are waited for.
const BEAT: Duration = Duration::from_secs(1);
const WORKSPACE: &str = "/v1/links/clicks/live";

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A whole process of the reading side.
struct Process {
    address: SocketAddr,
    hub: Arc<Hub>,
    lane: ClickLane,
    spool: Scratch,
    broker: Broker,
    tasks: Tasks,
    app: App,
    draining: CancellationToken,
    /// None if it is another process's.
    nats: Option<TestNats>,
}

impl Process {
    async fn start(database: DatabaseSettings) -> Self {
        Self::paced(database, Heartbeats::default()).await
    }

    async fn paced(database: DatabaseSettings, heartbeats: Heartbeats) -> Self {
        let nats = servers::testing::nats().await;
        let broker = Broker::connect(&nats.url(), "test").await.unwrap();
        broker.apply_streams().await.unwrap();
        Self {
            nats: Some(nats),
            ..Self::over(broker, database, heartbeats).await
        }
    }

    async fn over(broker: Broker, database: DatabaseSettings, heartbeats: Heartbeats) -> Self {
        let (readiness, tasks) = (Readiness::default(), Tasks::default());
        let draining = tasks.stopping().child_token();
        let gate = Gate::follow(tokens(), broker.clone(), &readiness, &tasks);
        let parts = Parts {
            broker: broker.clone(),
            database,
            gate,
            public_url: "https://go.example.com".parse().unwrap(),
            readiness,
            metrics: Metrics::default(),
            tasks: tasks.clone(),
            draining: draining.clone(),
        };
        let mut app = App::start(parts).unwrap();
        app.live.heartbeats = heartbeats;
        let hub = Arc::clone(&app.live.hub);
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = listener.local_addr();
        tasks.spawn(
            "listener",
            listener.serve(router(app.clone()).into(), tasks.stopping()),
        );
        let folder = servers::testing::scratch();
        let lane = lane(&broker, &folder, &tasks);
        let follows = async {
            while hub.join(member_of(1).workspace, None).is_err() {
                tokio::task::yield_now().await;
            }
        };
        timeout(SOON, follows)
            .await
            .expect("the clicks are followed");
        Self {
            address,
            hub,
            lane,
            spool: folder,
            broker,
            tasks,
            app,
            draining,
            nats: None,
        }
    }

    /// Without Postgres: subscriptions do without it.
    async fn without_database() -> Self {
        Self::start(no_database()).await
    }

    /// Whose heartbeats come often.
    async fn beating() -> Self {
        let (pings, events) = (BEAT, BEAT);
        Self::paced(no_database(), Heartbeats { pings, events }).await
    }

    /// Another process on the same log.
    async fn another(&self) -> Self {
        let heartbeats = Heartbeats::default();
        Self::over(self.broker.clone(), no_database(), heartbeats).await
    }

    fn nats(&mut self) -> &mut TestNats {
        self.nats.as_mut().expect("a broker of its own")
    }

    fn request(&self, path: &str) -> Request {
        format!("ws://{}{path}", self.address)
            .into_client_request()
            .unwrap()
    }

    async fn subscribe(&self, caller: &Caller, path: &str) -> Result<Socket, u16> {
        self.subscribe_by(&token(caller, world::now()), path).await
    }

    async fn subscribe_by(&self, credential: &str, path: &str) -> Result<Socket, u16> {
        let mut request = self.request(path);
        let header = format!("Bearer {credential}");
        request
            .headers_mut()
            .insert("authorization", header.parse().unwrap());
        connect(request).await
    }

    async fn click(&self, caller: &Caller, link: LinkId) {
        let event = click(link);
        self.lane.record(caller.workspace, &event).await.unwrap();
    }
}

fn no_database() -> DatabaseSettings {
    database("postgres://nobody@127.0.0.1:1/nowhere")
}

/// A lane of the one producer, which counts from one.
fn lane(broker: &Broker, folder: &Scratch, tasks: &Tasks) -> ClickLane {
    let spool = Spool::open(folder.path(), 1 << 30).unwrap();
    let producer = Uuid::from_u128(1);
    let (lane, worker) = ClickLane::new(broker.clone(), producer, spool, tasks.stopping());
    tasks.spawn("lane", worker);
    lane
}

async fn connect(request: Request) -> Result<Socket, u16> {
    match timeout(SOON, connect_async(request))
        .await
        .expect("an answer")
    {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// The next frame; a close as its code.
async fn frame(socket: &mut Socket) -> Result<Value, u16> {
    frame_or_close(socket).await.map_err(|(code, _)| code)
}

/// The close, which must be next: its code and its reason.
async fn close(socket: &mut Socket) -> (u16, String) {
    frame_or_close(socket).await.unwrap_err()
}

async fn frame_or_close(socket: &mut Socket) -> Result<Value, (u16, String)> {
    loop {
        match timeout(SOON, socket.next())
            .await
            .expect("a frame")
            .unwrap()
            .unwrap()
        {
            Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
            Message::Close(frame) => {
                let frame = frame.unwrap();
                return Err((frame.code.into(), frame.reason.to_string()));
            }
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
}

async fn greeting(socket: &mut Socket) {
    let ready = frame(socket).await.unwrap();
    assert_eq!(ready["type"], "ready");
    let caught_up = json!({ "type": "caught_up", "cursor": ready["cursor"] });
    assert_eq!(frame(socket).await, Ok(caught_up));
}

/// Where a frame says that its reader is, without the log.
fn place(frame: &Value) -> &str {
    let cursor = frame["cursor"].as_str().unwrap();
    cursor.split_once('-').unwrap().0
}

fn click(link: LinkId) -> ClickEvent<'static> {
    let data = Click::of(link, "spring");
    ClickEvent::new(ClickId::new(world::new_id()), world::now(), data)
}

#[tokio::test]
async fn a_click_arrives_at_its_own_workspace_though_postgres_is_away() {
    let process = Process::without_database().await;
    let (ada, bob) = (member_of(1), member_of(2));
    let link = LinkId::new(Uuid::from_u128(70));
    let mut of_ada = process.subscribe(&ada, WORKSPACE).await.unwrap();
    greeting(&mut of_ada).await;
    process.click(&bob, link).await;
    process.click(&ada, link).await;
    let told = frame(&mut of_ada).await.unwrap();
    assert_eq!((&told["type"], place(&told)), (&json!("click"), "2.0"));
    assert_eq!(told["click"]["link_id"], json!(link));
}

#[tokio::test]
async fn one_link_is_told_apart_and_must_be_of_the_workspace() {
    let stage = Stage::new().await;
    let process = Process::start(stage.settings.clone()).await;
    let (ada, bob) = (member_of(1), member_of(2));
    let link = LinkId::new(Uuid::from_u128(70));
    stage
        .write(format!(
            "insert into links.link_list values ('{link}', '{}', 'go.example.com', 'spring', \
             'https://a.example', 302, false, null, '{{}}', now(), 7)",
            ada.workspace
        ))
        .await;
    let path = format!("/v1/links/{link}/clicks/live");
    assert_eq!(process.subscribe(&bob, &path).await.err(), Some(404));
    let mut socket = process.subscribe(&ada, &path).await.unwrap();
    greeting(&mut socket).await;
    process.click(&ada, LinkId::new(Uuid::from_u128(71))).await;
    process.click(&ada, link).await;
    assert_eq!(place(&frame(&mut socket).await.unwrap()), "2.0");
}

#[tokio::test]
async fn a_link_just_made_may_be_subscribed_to_once_its_position_is_reached() {
    let stage = Stage::new().await;
    let process = Process::start(stage.settings.clone()).await;
    let ada = member_of(1);
    let link = LinkId::new(Uuid::from_u128(70));
    let path = format!("/v1/links/{link}/clicks/live?min_position=LINKS:7");
    let made = async {
        // By now the subscriber waits, or will find the link at once.
        tokio::time::sleep(Duration::from_millis(200)).await;
        stage
            .write(format!(
                "insert into links.link_list values ('{link}', '{}', 'go.example.com', 'spring', \
                 'https://a.example', 302, false, null, '{{}}', now(), 7); \
                 insert into links.projection_position \
                 values ('link_list', gen_random_uuid(), 7, 7, null)",
                ada.workspace
            ))
            .await;
        let position = Position {
            stream: StreamName::Links,
            sequence: 7,
        };
        process
            .broker
            .publish_changed(Context::Links, "link_list", position)
            .await
            .unwrap();
    };
    let (socket, ()) = tokio::join!(process.subscribe(&ada, &path), made);
    greeting(&mut socket.unwrap()).await;

    let mut by_header = process.request(&format!("/v1/links/{link}/clicks/live"));
    let header = format!("Bearer {}", token(&ada, world::now()));
    let headers = by_header.headers_mut();
    headers.insert("authorization", header.parse().unwrap());
    headers.insert("min-position", "LINKS:7".parse().unwrap());
    greeting(&mut connect(by_header).await.unwrap()).await;
}

#[tokio::test]
async fn a_process_that_stops_says_so_and_waits_until_it_is_heard() {
    let process = Process::without_database().await;
    let mut socket = process.subscribe(&member_of(1), WORKSPACE).await.unwrap();
    greeting(&mut socket).await;
    let stopped = process.tasks.stop(SOON);
    let (stopped, heard) = tokio::join!(stopped, frame(&mut socket));
    assert_eq!((stopped, heard), (Ok(()), Err(1012)));
}

#[tokio::test]
async fn who_talks_too_much_is_closed() {
    let process = Process::without_database().await;
    let mut socket = process.subscribe(&member_of(1), WORKSPACE).await.unwrap();
    greeting(&mut socket).await;
    for _ in 0..64 {
        socket.send(Message::text("hello")).await.unwrap();
    }
    assert_eq!(frame(&mut socket).await, Err(1008));
}

#[tokio::test]
async fn who_is_too_slow_is_told_how_far_it_got() {
    let process = Process::without_database().await;
    let ada = member_of(1);
    let mut socket = process.subscribe(&ada, WORKSPACE).await.unwrap();
    greeting(&mut socket).await;
    // More at once than may wait for one subscriber, and before its task gets a turn.
    let clicks = vec![click(LinkId::new(Uuid::from_u128(70))); 1_000];
    let body = serde_json::to_vec(&clicks).unwrap();
    for sequence in 9..12 {
        let packed = Packed {
            sequence,
            workspace: ada.workspace,
            stored_at: world::now(),
            packed_at: world::now(),
            batch: None,
            body: &body,
        };
        process.hub.deliver(&packed).unwrap();
    }
    let mut last = Value::Null;
    for sequence in 9..11 {
        for index in 0..1_000 {
            last = frame(&mut socket).await.unwrap();
            assert_eq!(place(&last), format!("{sequence}.{index}"));
        }
    }
    let lagged = json!({ "type": "lagged", "cursor": last["cursor"] });
    assert_eq!(frame(&mut socket).await, Ok(lagged));
    assert_eq!(frame(&mut socket).await, Err(4008));
}

#[tokio::test]
async fn a_socket_outlives_a_restart_of_the_broker() {
    let mut process = Process::without_database().await;
    let ada = member_of(1);
    let link = LinkId::new(Uuid::from_u128(70));
    let mut socket = process.subscribe(&ada, WORKSPACE).await.unwrap();
    greeting(&mut socket).await;
    process.click(&ada, link).await;
    assert_eq!(place(&frame(&mut socket).await.unwrap()), "1.0");
    process.nats().kill().await;
    process.nats().start_again().await.unwrap();
    process.click(&ada, link).await;
    assert_eq!(place(&frame(&mut socket).await.unwrap()), "2.0");
}
