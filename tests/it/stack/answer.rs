//! An answer, and what is expected of it.

use events::Position;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// As JSON; as a string when it isn't any.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self {
            status,
            headers,
            body,
        }
    }

    /// Goes on if the status is this one.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }

    /// Goes on if it is a problem of this status and code, told as RFC 9457 has it.
    #[track_caller]
    pub(crate) fn refuses(self, status: u16, error: &str) -> Self {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:#?}"
        );
        assert_eq!(self.body["error"], error, "{self:#?}");
        assert_eq!(self.body["status"], status, "{self:#?}");
        assert!(
            self.body["title"].is_string() && self.body["type"].is_string(),
            "{self:#?}"
        );
        self.is(status)
    }

    /// The header's value; empty when it isn't there.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// Where the write stands on the log.
    #[track_caller]
    pub(crate) fn position(&self) -> Position {
        let header = self.header("position");
        let position = header.parse();
        position.unwrap_or_else(|error| panic!("{error}: {header:?} in {self:#?}"))
    }

    /// Where the faults are that it names, in their order.
    pub(crate) fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array();
        let pointers = errors.into_iter().flatten();
        pointers
            .map(|fault| fault["pointer"].as_str().unwrap())
            .collect()
    }
}
