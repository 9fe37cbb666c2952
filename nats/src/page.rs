//! Direct gets by the page: many messages for one question, from any replica, which may lag behind the leader.

use async_nats::Message;
use async_nats::jetstream::message::StreamMessage;
use events::Subject;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::message::StoredMessage;
use crate::request::{ANSWER_WAIT_MAX, in_time};
use crate::{Broker, ReadError, RequestError};

/// How many messages one request asks for, unless it says.
const PAGE_MESSAGES: usize = 512;

/// Statuses with which a direct get ends.
const END_OF_BATCH: u16 = 204;
pub(crate) const NOT_FOUND: u16 = 404;
const NO_RESPONDERS: u16 = 503;

/// Messages of one stream, in order.
pub(crate) struct Page {
    pub(crate) messages: Vec<StreamMessage>,
    /// Whether the replica that answered has no more.
    pub(crate) is_last: bool,
}

impl Broker {
    /// What stands on one subject from a sequence on, in order: a beginning of it, within the bounds.
    ///
    /// At least one message, if the replica that answers has one; the last may exceed `bytes_max` by itself.
    /// The broker keeps nothing of the reader, so this is for those who come and go.
    pub async fn excerpt(
        &self,
        subject: &Subject,
        from: u64,
        messages_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<StoredMessage>, ReadError> {
        self.must_be_connected()?;
        let stream = subject.stream();
        let question = json!({
            "seq": from,
            "next_by_subj": subject.to_string(),
            "batch": messages_max,
            "max_bytes": bytes_max,
        });
        let page = self.ask_for_page(stream.as_str(), &question).await?;
        let messages = page.messages.into_iter();
        Ok(messages.map(|it| StoredMessage::new(stream, it)).collect())
    }

    /// One request, answered by up to a page of messages and a status that ends them.
    pub(crate) async fn page(
        &self,
        stream: &str,
        subjects: &str,
        from: u64,
    ) -> Result<Page, RequestError> {
        let question = json!({ "seq": from, "next_by_subj": subjects, "batch": PAGE_MESSAGES });
        self.ask_for_page(stream, &question).await
    }

    async fn ask_for_page(&self, stream: &str, question: &Value) -> Result<Page, RequestError> {
        let inbox = self.client.new_inbox();
        let mut answers = in_time(self.client.subscribe(inbox.clone())).await?;
        let api = format!("$JS.API.DIRECT.GET.{stream}");
        let asking = self
            .client
            .publish_with_reply(api, inbox, question.to_string().into());
        in_time(asking).await?;
        let mut messages = Vec::new();
        loop {
            let answer = timeout(ANSWER_WAIT_MAX, answers.next())
                .await
                .map_err(|_| RequestError::no_answer("timed out"))?
                .ok_or_else(|| RequestError::no_answer("the connection was closed"))?;
            let is_last = match answer.status.map(|status| status.as_u16()) {
                None => {
                    messages.push(raw(answer)?);
                    continue;
                }
                Some(END_OF_BATCH) => header(&answer, "Nats-Num-Pending") == Some("0"),
                Some(NOT_FOUND) => true,
                Some(NO_RESPONDERS) => {
                    return Err(RequestError::no_answer("nobody listens there"));
                }
                Some(_) => return Err(refused(&answer)),
            };
            return Ok(Page { messages, is_last });
        }
    }
}

/// A direct get's answer as the message that it holds.
pub(crate) fn raw(answer: Message) -> Result<StreamMessage, RequestError> {
    StreamMessage::try_from(answer).map_err(|error| RequestError::no_answer(&error))
}

pub(crate) fn refused(answer: &Message) -> RequestError {
    RequestError::Refused {
        code: answer.status.map_or(0, |status| status.as_u16().into()),
        description: answer.description.clone().unwrap_or_default(),
    }
}

fn header<'a>(answer: &'a Message, name: &str) -> Option<&'a str> {
    Some(answer.headers.as_ref()?.get(name)?.as_str())
}
