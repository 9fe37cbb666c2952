//! Somebody who uses Millrace over HTTP.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::time::sleep;

pub(crate) const EMAIL: &str = "ada.lovelace@engines.example";
pub(crate) const PASSWORD: &str = "analytical engine no. 2";
pub(crate) const NAME: &str = "Augusta Ada King";
/// Stands in every request's user agent, so that it can be looked for.
pub(crate) const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/199.7";

/// Of all links, by people and by programs.
const ALL_CLICKS: &str = "/v1/links/stats?interval=month&bots=include";
/// Far more than it takes on a busy machine.
const COUNTED_WITHIN: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(50);

/// A user; what it follows is shown to it, not opened.
#[derive(Debug)]
pub(crate) struct Visitor {
    client: Client,
    /// Where writes and redirects go.
    writes: String,
    /// Where reads go.
    reads: String,
    pub(crate) token: String,
}

/// A link that was made: its slug, id and position.
#[derive(Debug)]
pub(crate) struct Shortened {
    pub(crate) id: String,
    pub(crate) slug: String,
    pub(crate) position: String,
}

impl Visitor {
    /// Somebody whom nobody knows yet.
    pub(crate) fn at(writes: &str, reads: &str) -> anyhow::Result<Self> {
        let client = Client::builder()
            .redirect(Policy::none())
            .user_agent(USER_AGENT)
            .build()?;
        Ok(Self {
            client,
            writes: writes.to_owned(),
            reads: reads.to_owned(),
            token: String::new(),
        })
    }

    pub(crate) async fn registers(&self) -> anyhow::Result<()> {
        let body = json!({ "email": EMAIL, "password": PASSWORD, "name": NAME });
        let request = self.client.post(self.write("/v1/core/users"));
        answered(request.json(&body), 201).await.map(|_| ())
    }

    pub(crate) async fn logs_in(&mut self) -> anyhow::Result<()> {
        let body = json!({ "email": EMAIL, "password": PASSWORD });
        let request = self.client.post(self.write("/v1/core/auth/login"));
        let answer: Value = answered(request.json(&body), 200).await?.json().await?;
        self.token = text(&answer, "access_token")?;
        Ok(())
    }

    pub(crate) async fn shortens(
        &self,
        slug: &str,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Shortened> {
        let body = json!({ "target": "https://engines.example/notes", "slug": slug });
        let request = self.client.post(self.write("/v1/links")).json(&body);
        let request = headers.iter().fold(request, |request, &(name, value)| {
            request.header(name, value)
        });
        let answer = answered(request.bearer_auth(&self.token), 201).await?;
        let position = answer.headers().get("position").context("no Position")?;
        let position = position.to_str()?.to_owned();
        let body: Value = answer.json().await?;
        Ok(Shortened {
            id: text(&body, "id")?,
            slug: text(&body, "slug")?,
            position,
        })
    }

    /// Opens a short link; answers where it leads.
    pub(crate) async fn opens(&self, slug: &str) -> anyhow::Result<String> {
        let request = self.client.get(self.write(&format!("/{slug}")));
        let answer = answered(request, 302).await?;
        let location = answer.headers().get("location").context("no Location")?;
        Ok(location.to_str()?.to_owned())
    }

    /// Reads with the token, waiting for a position if one is given.
    pub(crate) async fn reads(&self, path: &str, position: Option<&str>) -> anyhow::Result<Value> {
        let request = self.client.get(format!("{}{path}", self.reads));
        let request = request.bearer_auth(&self.token);
        let request = match position {
            Some(position) => request.header("min-position", position),
            None => request,
        };
        Ok(answered(request, 200).await?.json().await?)
    }

    /// Waits until so many clicks are counted, of all her links; more never are.
    pub(crate) async fn counts(&self, clicks: u64) -> anyhow::Result<()> {
        let started = Instant::now();
        loop {
            let stats = self.reads(ALL_CLICKS, None).await?;
            let total = stats.get("total").and_then(Value::as_u64);
            let total = total.with_context(|| format!("no total in {stats}"))?;
            ensure!(
                total <= clicks,
                "{total} clicks are counted, and not {clicks}"
            );
            if total == clicks {
                return Ok(());
            }
            let is_late = started.elapsed() > COUNTED_WITHIN;
            ensure!(!is_late, "only {total} of {clicks} clicks are counted");
            sleep(PAUSE).await;
        }
    }

    fn write(&self, path: &str) -> String {
        format!("{}{path}", self.writes)
    }
}

/// Sends the request and insists on a status; what came instead is told.
pub(crate) async fn answered(request: RequestBuilder, status: u16) -> anyhow::Result<Response> {
    let answer = request.send().await?;
    let (got, url) = (answer.status(), answer.url().clone());
    if got != status {
        bail!("{url} answered {got}: {}", answer.text().await?);
    }
    Ok(answer)
}

pub(crate) fn text(value: &Value, key: &str) -> anyhow::Result<String> {
    let found = value.get(key).and_then(Value::as_str);
    Ok(found
        .with_context(|| format!("no {key} in {value}"))?
        .to_owned())
}
