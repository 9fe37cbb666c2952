//! Somebody with a workspace, and what they do in it.

use std::ops::Range;

use anyhow::Context;
use events::{LinkId, WorkspaceId};
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::{Client, Response};
use serde_json::{Value, json};

/// Where the measured links lead.
pub(crate) const TARGET: &str = "https://shop.example/spring?utm_source=mail";
/// Links of one step, as many as it may have.
pub(crate) const BULK: usize = 500;
/// Steps under way at once.
pub(crate) const BULKS_AT_ONCE: usize = 8;

/// Somebody with a workspace.
pub(crate) struct Account {
    client: Client,
    pub(crate) token: String,
    pub(crate) workspace: WorkspaceId,
    /// Where the account was made, and under which address its links stand.
    pub(crate) url: String,
}

/// What is taken of somebody's registration.
#[derive(serde::Deserialize)]
struct Registered {
    workspace_id: WorkspaceId,
}

/// What is taken of many links at once.
#[derive(serde::Deserialize)]
struct Made {
    links: Vec<Named>,
}

#[derive(serde::Deserialize)]
struct Named {
    id: LinkId,
}

/// A link as it was made.
#[derive(Clone, Debug, serde::Deserialize)]
pub(crate) struct Link {
    pub(crate) id: String,
    pub(crate) short_url: String,
    #[serde(skip)]
    pub(crate) position: String,
}

impl Link {
    /// Where its clicks are heard.
    pub(crate) fn live(&self) -> String {
        let Self { id, position, .. } = self;
        format!("/v1/links/{id}/clicks/live?min_position={position}")
    }
}

impl Account {
    /// Somebody registers and logs in there.
    pub(crate) async fn register(at: &str, name: &str) -> anyhow::Result<Self> {
        let client = Client::new();
        let email = format!("{name}@example.com");
        let account = json!({ "email": email, "password": "correct horse battery", "name": "Ada" });
        let url = format!("{at}/v1/core/users");
        let made = client.post(url).json(&account).send().await?;
        let registered: Registered = made.error_for_status()?.json().await?;
        let login = json!({ "email": email, "password": "correct horse battery" });
        let url = format!("{at}/v1/core/auth/login");
        let session = client.post(url).json(&login).send().await?;
        let session: Value = session.error_for_status()?.json().await?;
        let token = session.get("access_token").and_then(Value::as_str);
        Ok(Self {
            client,
            token: token.context("no token")?.to_owned(),
            workspace: registered.workspace_id,
            url: at.to_owned(),
        })
    }

    /// Makes a link, and answers where it is opened.
    pub(crate) async fn shortens(&self, slug: &str) -> anyhow::Result<String> {
        Ok(self.makes(slug).await?.short_url)
    }

    /// Makes a link.
    pub(crate) async fn makes(&self, slug: &str) -> anyhow::Result<Link> {
        let body = json!({ "target": TARGET, "slug": slug });
        let answer = self.posts("/v1/links", &body).await?;
        let position = position_of(&answer).context("no position")?;
        Ok(Link {
            position,
            ..answer.json().await?
        })
    }

    /// Reports clicks on a link, and answers where the last of them stands; nowhere while the broker is slow.
    pub(crate) async fn reports(
        &self,
        link: &str,
        report: &Value,
    ) -> anyhow::Result<Option<String>> {
        let answer = self
            .posts(&format!("/v1/links/{link}/clicks"), report)
            .await?;
        let position = position_of(&answer);
        answer.bytes().await?;
        Ok(position)
    }

    /// Reads, as soon as all up to that position can be read.
    pub(crate) async fn reads(&self, path: &str, position: &str) -> anyhow::Result<()> {
        let request = self.client.get(format!("{}{path}", self.url));
        let request = request.bearer_auth(&self.token);
        let answer = request.header("min-position", position).send().await?;
        answer.error_for_status()?.bytes().await?;
        Ok(())
    }

    /// Makes the links `<prefix><number>`, in one step.
    pub(crate) async fn shortens_all(
        &self,
        prefix: &str,
        numbers: Range<usize>,
    ) -> anyhow::Result<()> {
        let answer = self.asks_for_all(prefix, numbers).await?;
        answer.bytes().await?;
        Ok(())
    }

    /// As [`Account::shortens_all`]; tells their ids.
    pub(crate) async fn makes_all(
        &self,
        prefix: &str,
        numbers: Range<usize>,
    ) -> anyhow::Result<Vec<LinkId>> {
        let made: Made = self.asks_for_all(prefix, numbers).await?.json().await?;
        Ok(made.links.into_iter().map(|it| it.id).collect())
    }

    async fn asks_for_all(&self, prefix: &str, numbers: Range<usize>) -> anyhow::Result<Response> {
        let link = |number: usize| json!({ "target": format!("{TARGET}&n={number}"), "slug": format!("{prefix}{number}") });
        let links: Vec<_> = numbers.map(link).collect();
        self.posts("/v1/links/bulk", &json!({ "links": links }))
            .await
    }

    /// As [`Account::shortens_all`], in as many steps as it takes.
    pub(crate) async fn makes_links(
        &self,
        prefix: &str,
        numbers: Range<usize>,
    ) -> anyhow::Result<()> {
        let end = numbers.end;
        let steps = stream::iter(numbers.step_by(BULK))
            .map(|first| self.shortens_all(prefix, first..end.min(first + BULK)));
        steps
            .buffer_unordered(BULKS_AT_ONCE)
            .try_collect::<()>()
            .await
    }

    async fn posts(&self, path: &str, body: &Value) -> anyhow::Result<Response> {
        let url = format!("{}{path}", self.url);
        let request = self.client.post(url).bearer_auth(&self.token).json(body);
        Ok(request.send().await?.error_for_status()?)
    }
}

fn position_of(answer: &Response) -> Option<String> {
    let position = answer.headers().get("position")?;
    position.to_str().ok().map(str::to_owned)
}
