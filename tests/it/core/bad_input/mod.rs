//! Hostile requests: each is told what is wrong with it, and none leaves a trace on the log.

mod bodies;
mod heads;
mod tokens;

use reqwest::{Method, RequestBuilder};

use crate::stack::{Answer, Person, Stack};

const REQUEST_ID: &str = "hostile-7.a_B";

/// A hostile request, and what it must be answered.
struct Hostile {
    what: String,
    request: RequestBuilder,
    status: u16,
    error: &'static str,
    /// Where the faults are, all at once.
    pointers: Vec<&'static str>,
}

impl Hostile {
    fn new(
        what: impl Into<String>,
        request: RequestBuilder,
        status: u16,
        error: &'static str,
    ) -> Self {
        Self {
            what: what.into(),
            request,
            status,
            error,
            pointers: Vec::new(),
        }
    }

    fn at(self, pointers: &[&'static str]) -> Self {
        Self {
            pointers: pointers.to_vec(),
            ..self
        }
    }
}

/// A body as it is, said to be JSON.
fn post(person: &Person, path: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    let request = person.request(Method::POST, path);
    request
        .header("content-type", "application/json")
        .body(body)
}

/// Sends them all; each is answered as it must be, and the log is as long as before.
async fn are_told(stack: &Stack, requests: Vec<Hostile>) {
    let log = stack.log().await;
    let ends = log.ends().await;
    for hostile in requests {
        is_told(hostile).await;
    }
    assert_eq!(log.ends().await, ends, "something was written");
}

async fn is_told(hostile: Hostile) {
    let what = hostile.what;
    let request = hostile.request.header("x-request-id", REQUEST_ID);
    let response = request.send().await;
    let response = response.unwrap_or_else(|error| panic!("{what}: {error:?}"));
    let answer = Answer::read(response).await;
    assert_eq!(answer.body["error"], hostile.error, "{what}: {answer:#?}");
    assert_eq!(answer.pointers(), hostile.pointers, "{what}: {answer:#?}");
    assert_eq!(answer.header("x-request-id"), REQUEST_ID, "{what}");
    assert_eq!(answer.body["request_id"], REQUEST_ID, "{what}");
    let answer = answer.refuses(hostile.status, hostile.error);
    if hostile.status == 405 {
        assert!(!answer.header("allow").is_empty(), "{what}");
    }
    if hostile.status == 401 {
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with("Bearer"), "{what}: {challenge:?}");
    }
}
