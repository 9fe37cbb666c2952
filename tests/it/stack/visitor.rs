//! Somebody, or something, that opens links.

use reqwest::{Method, RequestBuilder};

use super::client::{Client, send};
use super::{Answer, Link, Replica};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

#[derive(Clone)]
pub(crate) struct Visitor {
    client: Client,
    agent: &'static str,
}

impl Visitor {
    /// Somebody with a browser.
    pub(crate) const fn new(client: Client) -> Self {
        Self {
            client,
            agent: FIREFOX,
        }
    }

    /// A program that says so.
    pub(crate) fn as_a_bot(&self) -> Self {
        self.as_the_program("curl/8.5.0")
    }

    /// A program that says which.
    pub(crate) fn as_the_program(&self, agent: &'static str) -> Self {
        Self {
            agent,
            ..self.clone()
        }
    }

    /// The same, at another replica.
    pub(crate) fn at(&self, replica: &Replica) -> Self {
        let mut visitor = self.clone();
        visitor.client.door = replica.door();
        visitor
    }

    pub(crate) async fn opens(&self, link: &Link) -> Answer {
        self.opens_slug(&link.slug).await
    }

    pub(crate) async fn opens_slug(&self, slug: &str) -> Answer {
        send(self.asks(Method::GET, slug)).await
    }

    /// As [`Visitor::opens`]; `None` when the system goes away before it answers.
    pub(crate) async fn tries_to_open(&self, link: &Link) -> Option<Answer> {
        let response = self.asks(Method::GET, &link.slug).send().await.ok()?;
        Some(Answer::read(response).await)
    }

    /// Follows a link from another page.
    pub(crate) async fn opens_from(&self, page: &str, link: &Link) -> Answer {
        send(self.asks(Method::GET, &link.slug).header("referer", page)).await
    }

    /// Opens a link with further headers, such as a browser sends.
    pub(crate) async fn opens_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.asks(Method::GET, path);
        let with =
            |request: RequestBuilder, (name, value): &(&str, &str)| request.header(*name, *value);
        send(headers.iter().fold(request, with)).await
    }

    /// Fills in the page that asks for a link's password.
    pub(crate) async fn unlocks(&self, link: &Link, password: &str) -> Answer {
        let request = self.asks(Method::POST, &link.slug);
        let form = [("password", password)];
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let typed = request.header("content-type", "application/x-www-form-urlencoded");
        send(typed.body(form)).await
    }

    /// Asks where the link leads without going there.
    pub(crate) async fn looks_at(&self, link: &Link) -> Answer {
        send(self.asks(Method::HEAD, &link.slug)).await
    }

    /// Lets the browser fetch ahead, in case that the link is opened.
    pub(crate) async fn fetches_ahead(&self, link: &Link) -> Answer {
        let request = self.asks(Method::GET, &link.slug);
        send(request.header("sec-purpose", "prefetch;prerender")).await
    }

    fn asks(&self, method: Method, slug: &str) -> RequestBuilder {
        let request = self.client.request(method, &format!("/{slug}"));
        request.header("user-agent", self.agent)
    }
}
