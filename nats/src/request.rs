//! One question to the broker and its answer, on which everything else here stands.

use std::time::Duration;

use async_nats::client::PublishErrorKind;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::response::Response;
use async_nats::{HeaderMap, Message, Request, RequestErrorKind};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Broker;
use crate::retry::Pauses;

/// How long the broker may take for one answer: an election in a cluster takes about two seconds.
pub(crate) const ANSWER_WAIT_MAX: Duration = Duration::from_secs(3);
const NOBODY_LISTENS: &str = "nobody listens there";
/// While the broker takes in its configuration anew, its API is deaf for less than a millisecond.
const UNHEARD_PAUSE: Duration = Duration::from_millis(10);
const UNHEARD_TRIES: u32 = 3;

/// A request failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// No answer came: what was asked for may have been done, or may still be done.
    #[error("the broker did not answer: {0}")]
    NoAnswer(String),
    /// The broker said no: what was asked for was not done.
    #[error("the broker refused: {description} (error code {code})")]
    Refused {
        /// JetStream's `err_code`.
        code: u64,
        /// Its words.
        description: String,
    },
}

impl RequestError {
    pub(crate) fn is(&self, code: ErrorCode) -> bool {
        matches!(self, Self::Refused { code: found, .. } if *found == code.0)
    }

    /// Whether there is no stream for such messages, or none that has a leader: then nothing was done.
    pub(crate) fn is_unheard(&self) -> bool {
        matches!(self, Self::NoAnswer(reason) if reason == NOBODY_LISTENS)
    }

    /// The client says it before the broker would.
    fn too_large(reason: &impl ToString) -> Self {
        Self::Refused {
            code: ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM.0,
            description: reason.to_string(),
        }
    }

    pub(crate) fn no_answer(reason: &(impl ToString + ?Sized)) -> Self {
        Self::NoAnswer(reason.to_string())
    }
}

impl From<async_nats::RequestError> for RequestError {
    fn from(error: async_nats::RequestError) -> Self {
        match error.kind() {
            RequestErrorKind::TimedOut => Self::no_answer("timed out"),
            RequestErrorKind::NoResponders => Self::no_answer(NOBODY_LISTENS),
            RequestErrorKind::MaxPayloadExceeded => Self::too_large(&error),
            RequestErrorKind::InvalidSubject | RequestErrorKind::Other => Self::no_answer(&error),
        }
    }
}

impl From<async_nats::SubscribeError> for RequestError {
    fn from(error: async_nats::SubscribeError) -> Self {
        Self::no_answer(&error)
    }
}

impl From<async_nats::PublishError> for RequestError {
    fn from(error: async_nats::PublishError) -> Self {
        match error.kind() {
            PublishErrorKind::MaxPayloadExceeded => Self::too_large(&error),
            PublishErrorKind::InvalidSubject | PublishErrorKind::Send => Self::no_answer(&error),
        }
    }
}

/// Bounds what the client itself doesn't: while disconnected, a command may wait for ever to be taken.
pub(crate) async fn in_time<T, E>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, RequestError>
where
    RequestError: From<E>,
{
    within(ANSWER_WAIT_MAX, work).await
}

async fn within<T, E>(
    wait_max: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, RequestError>
where
    RequestError: From<E>,
{
    match tokio::time::timeout(wait_max, work).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(RequestError::no_answer("timed out")),
    }
}

impl Broker {
    /// Fails at once while the connection is down: who only reads is better told so than kept waiting.
    pub(crate) fn must_be_connected(&self) -> Result<(), RequestError> {
        let not_now = || RequestError::no_answer("there is no connection");
        self.is_connected().then_some(()).ok_or_else(not_now)
    }

    /// Asks, and gives up when the answer can no longer come since the connection was made anew.
    pub(crate) async fn request(
        &self,
        subject: String,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Message, RequestError> {
        self.request_within(ANSWER_WAIT_MAX, subject, headers, body)
            .await
    }

    async fn request_within(
        &self,
        wait_max: Duration,
        subject: String,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Message, RequestError> {
        let mut connection = self.connection();
        let count = connection.borrow_and_update().count;
        let request = Request::new().headers(headers).payload(body);
        tokio::select! {
            biased;
            answer = within(wait_max, self.client.send_request(subject, request)) => answer,
            _ = connection.wait_for(|now| now.count != count) => {
                Err(RequestError::no_answer("the connection was lost"))
            }
        }
    }

    /// Publishes into a stream and waits until it is stored; answers the sequence.
    pub(crate) async fn publish(
        &self,
        subject: String,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<u64, RequestError> {
        self.publish_within(ANSWER_WAIT_MAX, subject, headers, body)
            .await
    }

    /// As [`Broker::publish`], for who has something else to do when the answer takes longer.
    pub(crate) async fn publish_within(
        &self,
        wait_max: Duration,
        subject: String,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<u64, RequestError> {
        let answer = self
            .request_within(wait_max, subject, headers, body)
            .await?;
        Ok(read::<PublishAck>(&answer.payload)?.sequence)
    }

    /// Asks JetStream's API.
    pub(crate) async fn api<T: DeserializeOwned>(
        &self,
        operation: &str,
        question: &(impl Serialize + Sync),
    ) -> Result<T, RequestError> {
        let body = serde_json::to_vec(question).map_err(|error| RequestError::no_answer(&error))?;
        let body = Bytes::from(body);
        let mut pauses = Pauses::new(UNHEARD_PAUSE, UNHEARD_PAUSE);
        for _ in 1..UNHEARD_TRIES {
            match self.api_once(operation, body.clone()).await {
                Err(error) if error.is_unheard() => pauses.pause().await,
                answer => return answer,
            }
        }
        self.api_once(operation, body).await
    }

    async fn api_once<T: DeserializeOwned>(
        &self,
        operation: &str,
        body: Bytes,
    ) -> Result<T, RequestError> {
        let subject = format!("$JS.API.{operation}");
        let answer = self.request(subject, HeaderMap::new(), body).await?;
        read(&answer.payload)
    }
}

/// Reads an answer of JetStream's, which may be an error.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, RequestError> {
    match serde_json::from_slice(body) {
        Ok(Response::Ok(answer)) => Ok(answer),
        Ok(Response::Err { error }) => Err(RequestError::Refused {
            code: error.error_code().0,
            description: error.to_string(),
        }),
        Err(error) => Err(RequestError::no_answer(&error)),
    }
}
