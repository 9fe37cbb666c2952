//! A broker with the streams in it, a reader of one workspace, and clicks to read.

use std::time::{Duration, Instant};

use async_nats::{Client, ConnectOptions, HeaderMap};
use events::{StreamName, WorkspaceId};
use nats::{
    BATCH_HEADER, Broker, Login, PRODUCER_HEADER, Reach, ReaderAccount, ReaderStart, Reading,
    can_read,
};
use serde_json::json;
use servers::NeighbourNats;
use servers::testing::{self, TestNats};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

pub(crate) struct Bus {
    pub(crate) nats: TestNats,
    broker: Broker,
    /// As who publishes clicks.
    client: Client,
    workspace: WorkspaceId,
    producer: Uuid,
    login: Login,
}

impl Bus {
    pub(crate) async fn start() -> Self {
        Self::with_in_flight(1).await
    }

    /// With a reader that may have so many messages under way.
    pub(crate) async fn with_in_flight(in_flight: u16) -> Self {
        let nats = testing::nats().await;
        let broker = Broker::connect(&nats.url(), "test").await.unwrap();
        broker.apply_streams().await.unwrap();
        let workspace = WorkspaceId::new(Uuid::now_v7());
        let reading = Reading {
            reach: Reach::Workspace(workspace),
            start: ReaderStart::First,
            in_flight,
        };
        let login = Login::new("billing".parse().unwrap());
        let stream = StreamName::Clicks;
        let made = broker.make_reader(&login.reader, stream, reading);
        made.await.unwrap();
        let owner = broker.account().await.unwrap();
        let account = ReaderAccount::new(&login, &owner, &[stream]).unwrap();
        let neighbour = NeighbourNats::find(nats.data()).unwrap();
        let accounts = json!({ account.name: account.config });
        neighbour.set_consumers(&accounts.to_string()).unwrap();
        let begun = Instant::now();
        while let Err(error) = can_read(&nats.url(), &login, &[stream]).await {
            assert!(begun.elapsed() < PATIENCE, "{error}");
            neighbour.reload().unwrap();
            tokio::time::sleep(PAUSE).await;
        }
        let client = system(&nats.url()).await;
        Self {
            nats,
            broker,
            client,
            workspace,
            producer: Uuid::now_v7(),
            login,
        }
    }

    /// What an example is told.
    pub(crate) fn url(&self) -> String {
        let url = self.nats.url();
        let (_, address) = url.split_once('@').unwrap();
        let Login { reader, password } = &self.login;
        format!("nats://{reader}:{password}@{address}")
    }

    /// A message of clicks on these links, under a number of the one producer.
    pub(crate) async fn publishes(&self, number: u64, links: &[&str]) {
        self.publish(self.workspace, Some(number), links).await;
    }

    pub(crate) async fn publishes_elsewhere(&self, number: u64, links: &[&str]) {
        let another = WorkspaceId::new(Uuid::now_v7());
        self.publish(another, Some(number), links).await;
    }

    /// Clicks that another server counted.
    pub(crate) async fn publishes_a_report(&self, links: &[&str]) {
        self.publish(self.workspace, None, links).await;
    }

    async fn publish(&self, workspace: WorkspaceId, number: Option<u64>, links: &[&str]) {
        let events = links.iter().map(|link| {
            json!({
                "specversion": "1.0",
                "id": Uuid::now_v7(),
                "source": events::SOURCE,
                "type": events::links::ClickEvent::EVENT_TYPE,
                "time": "2026-11-21T10:00:00Z",
                "data": { "link_id": link, "slug": "a", "is_bot": false },
            })
        });
        let body = json!(events.collect::<Vec<_>>()).to_string();
        let mut headers = HeaderMap::new();
        headers.insert("content-type", events::BATCH_CONTENT_TYPE);
        if let Some(number) = number {
            headers.insert(PRODUCER_HEADER, self.producer.to_string());
            headers.insert(BATCH_HEADER, number.to_string());
        }
        self.send(format!("clicks.{workspace}"), headers, body)
            .await;
    }

    /// Which clicks do not count stands among them.
    pub(crate) async fn publishes_an_exclusion(&self) {
        let workspace = self.workspace;
        let body = json!({ "exclusion_id": Uuid::now_v7(), "rule": { "is_bot": true } });
        let mut headers = HeaderMap::new();
        headers.insert("content-type", events::CONTENT_TYPE);
        headers.insert("ce-type", "millrace.links.exclusion.added.v1");
        let subject = format!("clicks.{workspace}.exclusions.{workspace}");
        self.send(subject, headers, body.to_string()).await;
    }

    async fn send(&self, subject: String, headers: HeaderMap, body: String) {
        let begun = Instant::now();
        loop {
            let asked = async_nats::Request::new()
                .headers(headers.clone())
                .payload(body.clone().into());
            match self.client.send_request(subject.clone(), asked).await {
                Ok(_) => return,
                // A broker that was just started again; the number makes a repeat harmless.
                Err(error) => assert!(begun.elapsed() < PATIENCE, "{error}"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Nothing waits for the reader, or for its acknowledgement.
    pub(crate) async fn everything_is_acknowledged(&self) {
        let begun = Instant::now();
        loop {
            let readers = self.broker.readers().await.unwrap_or_default();
            let is_done = |it: &nats::ReaderConsumer| it.pending == 0 && it.unacknowledged == 0;
            if readers.len() == 1 && readers.iter().all(is_done) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{readers:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn system(url: &str) -> Client {
    let (login, address) = url.trim_start_matches("nats://").split_once('@').unwrap();
    let (user, password) = login.split_once(':').unwrap();
    let options = ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned());
    options.connect(address).await.unwrap()
}
