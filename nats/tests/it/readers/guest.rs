//! Somebody who is logged in at the broker, as a reader or as the system, and what the broker says to that.

use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event, Message, ServerError};
use futures::StreamExt;
use nats::Login;
use servers::testing::TestNats;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Longer than the broker takes for anything here.
const SOON: Duration = Duration::from_secs(5);
/// Where a reader finds its consumers, and where the system does.
pub(super) const READERS: &str = "$JS.millrace.API";
pub(super) const SYSTEMS: &str = "$JS.API";

pub(super) struct Guest {
    pub(super) client: Client,
    api: &'static str,
    /// What this one may always ask.
    question: String,
    complaints: mpsc::UnboundedReceiver<String>,
}

impl Guest {
    pub(super) async fn enter(nats: &TestNats, login: &Login) -> Self {
        let user = login.reader.as_str().to_owned();
        let question = format!("{READERS}.CONSUMER.INFO.LINKS.{user}");
        Self::connect(nats, (user, login.password.clone()), READERS, question).await
    }

    /// The system's own user, which may do everything: the control of each refusal.
    pub(super) async fn system(nats: &TestNats) -> Self {
        let url = nats.url();
        let (login, _) = url.trim_start_matches("nats://").split_once('@').unwrap();
        let (user, password) = login.split_once(':').unwrap();
        let login = (user.to_owned(), password.to_owned());
        Self::connect(nats, login, SYSTEMS, format!("{SYSTEMS}.INFO")).await
    }

    async fn connect(
        nats: &TestNats,
        (user, password): (String, String),
        api: &'static str,
        question: String,
    ) -> Self {
        let url = nats.url();
        let (_, address) = url.split_once('@').unwrap();
        let (sender, complaints) = mpsc::unbounded_channel();
        let client = ConnectOptions::with_user_and_password(user, password)
            .request_timeout(Some(SOON))
            .max_reconnects(1)
            .event_callback(move |event| {
                match event {
                    Event::ServerError(ServerError::Other(text)) => sender.send(text).ok(),
                    Event::Disconnected => sender.send("disconnected".to_owned()).ok(),
                    Event::Connected
                    | Event::LameDuckMode
                    | Event::Draining
                    | Event::Closed
                    | Event::SlowConsumer(_)
                    | Event::ServerError(_)
                    | Event::ClientError(_) => None,
                };
                std::future::ready(())
            })
            .connect(address)
            .await
            .unwrap();
        Self {
            client,
            api,
            question,
            complaints,
        }
    }

    /// What the broker complained of next.
    pub(super) async fn complaint(&mut self) -> String {
        let next = timeout(SOON, self.complaints.recv()).await;
        next.unwrap_or_else(|_| panic!("the broker did not complain"))
            .unwrap()
    }

    /// Asks and takes the answer.
    pub(super) async fn asks(&self, subject: &str, body: &str) -> String {
        let answer = self
            .client
            .request(subject.to_owned(), body.to_owned().into());
        let payload = answer
            .await
            .unwrap_or_else(|error| panic!("{subject}: {error}"));
        String::from_utf8(payload.payload.to_vec()).unwrap()
    }

    /// Asks on a subject of JetStream's API, as far as this one has it.
    pub(super) async fn asks_api(&self, operation: &str, body: &str) -> String {
        self.asks(&format!("{}.{operation}", self.api), body).await
    }

    /// Fetches what is there, or comes within half a second, at most ten messages.
    ///
    /// A consumer hears of a message after its publisher does, so a fetch that doesn't wait may miss one.
    pub(super) async fn fetches(&self, consumer: &str) -> Vec<Message> {
        let inbox = self.client.new_inbox();
        let mut answers = self.client.subscribe(inbox.clone()).await.unwrap();
        let subject = format!("{}.CONSUMER.MSG.NEXT.LINKS.{consumer}", self.api);
        let body = r#"{"batch":10,"expires":500000000}"#;
        let asked = self.client.publish_with_reply(subject, inbox, body.into());
        asked.await.unwrap();
        let mut messages = Vec::new();
        while messages.len() < 10 {
            let message = timeout(SOON, answers.next()).await.unwrap().unwrap();
            // The broker says that the time is over.
            if message.status.is_some() {
                break;
            }
            messages.push(message);
        }
        messages
    }

    /// Says a thing to which nobody answers, and waits until the broker has heard it.
    pub(super) async fn says(&self, subject: &str, reply: Option<&str>, body: &str) {
        let (subject, body) = (subject.to_owned(), body.to_owned().into());
        match reply {
            Some(reply) => {
                let said = self
                    .client
                    .publish_with_reply(subject, reply.to_owned(), body);
                said.await.unwrap();
            }
            None => self.client.publish(subject, body).await.unwrap(),
        }
        self.is_heard().await;
    }

    /// Everything that was sent before has been taken in by the broker.
    pub(super) async fn is_heard(&self) {
        self.asks(&self.question, "").await;
    }
}
