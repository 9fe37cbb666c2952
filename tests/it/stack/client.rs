//! HTTP as everybody here speaks it: no redirect is followed, no proxy is used.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder};

use super::Answer;
use super::replica::Door;

/// Longer than any answer may take.
const TIMEOUT: Duration = Duration::from_secs(45);

#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    pub(crate) door: Door,
}

impl Client {
    pub(crate) fn new(door: Door) -> Self {
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .build()
            .unwrap();
        Self { http, door }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.door.address());
        self.http.request(method, url)
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// What somebody finds at an address that isn't Millrace's.
    pub(crate) fn elsewhere(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url)
    }
}

/// Sends, and reads the answer.
pub(crate) async fn send(request: RequestBuilder) -> Answer {
    Answer::read(request.send().await.unwrap()).await
}
