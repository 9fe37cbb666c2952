//! What a command's caller gets when the wish came true.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use events::Position;
use serde_json::{Map, Value};
use service::headers::{ETag, IDEMPOTENCY_REPLAYED, PositionHeader};

/// What the aggregate's owner is told: the status, and the resource as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
}

impl Answer {
    /// That something was done, without a word.
    pub(crate) const fn empty(status: StatusCode) -> Self {
        Self {
            status,
            body: String::new(),
        }
    }
}

/// An answer, with where it stands on the log.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) answer: Answer,
    /// The aggregate's version: the sequence of its last event.
    pub(crate) version: u64,
    /// A read that waits for this position sees the write.
    pub(crate) position: Position,
    /// Whether this is the answer of an earlier request with the same `Idempotency-Key`.
    pub(crate) is_replayed: bool,
}

impl Accepted {
    /// What a wish that just came true is answered.
    pub(crate) const fn first(answer: Answer, version: u64, position: Position) -> Self {
        Self {
            answer,
            version,
            position,
            is_replayed: false,
        }
    }

    /// Tells what the request itself said of a person.
    ///
    /// The record of an `Idempotency-Key` lacks it: it stays when the person is erased, and so do the keys that open it.
    pub(crate) fn telling(mut self, said: &[(&str, &str)]) -> Result<Self, serde_json::Error> {
        let mut body: Map<String, Value> = serde_json::from_str(&self.answer.body)?;
        for (field, text) in said {
            body.insert((*field).to_owned(), (*text).into());
        }
        self.answer.body = serde_json::to_string(&body)?;
        Ok(self)
    }
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        let json = (!self.answer.body.is_empty()).then(|| {
            [(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            )]
        });
        let replayed = self.is_replayed.then(|| {
            [(
                IDEMPOTENCY_REPLAYED.clone(),
                HeaderValue::from_static("true"),
            )]
        });
        let place = (ETag::version(self.version), PositionHeader(self.position));
        let answer = (self.answer.status, place, self.answer.body);
        let mut response = answer.into_response();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        headers.extend(json.into_iter().chain(replayed).flatten());
        response
    }
}
