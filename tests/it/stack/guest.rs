//! Somebody without an account.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::client::{Client, send};
use super::{Answer, Replica};

#[derive(Clone)]
pub(crate) struct Guest {
    client: Client,
    idempotency_key: Option<String>,
}

impl Guest {
    pub(crate) const fn new(client: Client) -> Self {
        Self {
            client,
            idempotency_key: None,
        }
    }

    /// The same, who says with each wish that it is this one.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self {
            idempotency_key: Some(key.to_owned()),
            ..self.clone()
        }
    }

    /// The same, at another replica.
    pub(crate) fn at(&self, replica: &Replica) -> Self {
        let mut guest = self.clone();
        guest.client.door = replica.door();
        guest
    }

    pub(crate) async fn asks_to_register(&self, account: &Value) -> Answer {
        let mut request = self.client.post("/v1/core/users").json(account);
        if let Some(key) = &self.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        send(request).await
    }

    pub(crate) async fn asks_to_log_in(&self, credentials: &Value) -> Answer {
        send(self.client.post("/v1/core/auth/login").json(credentials)).await
    }

    /// Spends a refresh token.
    pub(crate) async fn refreshes(&self, token: &Value) -> Answer {
        let body = json!({ "refresh_token": token });
        send(self.client.post("/v1/core/auth/refresh").json(&body)).await
    }

    /// A request in nobody's name.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, path)
    }

    /// Whether it can serve, and what it lacks.
    pub(crate) async fn asks_whether_it_is_ready(&self) -> Answer {
        send(self.client.get("/health/ready")).await
    }

    /// One of its figures; 0 when it has none of that name.
    pub(crate) async fn reads_the_figure(&self, name: &str) -> u64 {
        let answer = send(self.client.get("/metrics")).await.is(200);
        let text = answer.body.as_str().unwrap().to_owned();
        let mut lines = text.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }

    /// What a context says of its own routes.
    pub(crate) async fn reads_the_document_of(&self, context: &str) -> Value {
        let path = format!("/v1/{context}/openapi.json");
        send(self.client.get(&path)).await.is(200).body
    }
}
