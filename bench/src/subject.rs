//! What is measured: the command API on a broker that syncs always, and its peer, a bare axum redirect.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;
use command_api::{PasswordCost, SpoolSettings, StorageSettings};
use futures::{StreamExt, TryStreamExt, stream};
use millrace::system::{Blueprint, Processes, System};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use servers::{Nats, Scratch, testing};
use service::caller::Tokens;
use service::config::{Secret, Targets};
use service::keys::DataKey;
use service::limits::Limits;
use service::listen::Listener;
use tokio::net::TcpListener;

/// Far more than a measurement makes wait.
const SPOOL_BYTES_MAX: u64 = 1 << 30;
/// Links of one step, as many as it may have.
pub(crate) const BULK: usize = 500;
/// Steps under way at once.
pub(crate) const BULKS_AT_ONCE: usize = 4;
/// Links that are opened at once.
const OPENED_AT_ONCE: usize = 64;
/// The same for every subject of a run, so that they read each other's users.
const DATA_KEY: &str = "bWlsbHJhY2UgYmVuY2htYXJrcyBuZWVkIG5vIGtleTo=";
/// Where the measured links lead.
pub(crate) const TARGET: &str = "https://shop.example/spring?utm_source=mail";

/// The command API alone, as production runs it.
pub(crate) struct Subject {
    system: System,
    /// Where it is reached.
    pub(crate) url: String,
    /// Where clicks wait that the broker is slow to take.
    _spool: Scratch,
}

/// What a measurement changes of the defaults.
pub(crate) struct Settings<'a> {
    pub(crate) password_cost: PasswordCost,
    pub(crate) link_cache_max: u64,
    /// Where clicks wait while the broker is away; below `target/` when left out.
    pub(crate) spool: Option<&'a Path>,
    /// Whose links are opened; those of accounts made at this subject when left out.
    pub(crate) like: Option<&'a str>,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self {
            password_cost: PasswordCost::Owasp,
            link_cache_max: 100_000,
            spool: None,
            like: None,
        }
    }
}

/// Somebody with a workspace.
pub(crate) struct Account {
    client: Client,
    token: String,
    /// Where the account was made, and under which address its links stand.
    pub(crate) url: String,
}

impl Subject {
    /// Starts it, without limits to how often somebody may try.
    pub(crate) async fn start(broker: &Nats) -> anyhow::Result<Self> {
        Self::start_as(&broker.url(), Settings::default()).await
    }

    /// As [`Subject::start`], on the broker of that address.
    pub(crate) async fn start_as(broker: &str, settings: Settings<'_>) -> anyhow::Result<Self> {
        let spool = match settings.spool {
            Some(folder) => Scratch::below(folder)?,
            None => testing::scratch(),
        };
        let listener = Listener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let url = format!("http://{}", listener.local_addr());
        let secret = Secret::new("a secret that only this measurement knows");
        let blueprint = Blueprint {
            processes: Processes {
                command_api: true,
                projectors: false,
                query_api: false,
            },
            public_url: settings.like.unwrap_or(&url).parse()?,
            nats_url: Secret::new(broker),
            database: None,
            storage: Some(no_storage()),
            spool: Some(SpoolSettings {
                folder: spool.path().to_owned(),
                bytes_max: SPOOL_BYTES_MAX,
            }),
            data_key: Some(DataKey::parse(DATA_KEY)?),
            tokens: Some(Tokens::new(&secret, Duration::from_hours(1))),
            trusted_proxies: Vec::new(),
            geoip_database: None,
            rate_limits: Limits::off(),
            link_cache_max: settings.link_cache_max,
            click_retention: None,
            targets: Targets::default(),
            dns_resolver: None,
            password_cost: settings.password_cost,
        };
        let system = System::start(blueprint, listener).await?;
        Ok(Self {
            system,
            url,
            _spool: spool,
        })
    }

    /// Somebody registers and logs in.
    pub(crate) async fn account(&self, name: &str) -> anyhow::Result<Account> {
        let client = Client::new();
        let email = format!("{name}@example.com");
        let account = json!({ "email": email, "password": "correct horse battery", "name": "Ada" });
        let url = format!("{}/v1/core/users", self.url);
        let made = client.post(url).json(&account).send().await?;
        made.error_for_status()?;
        let login = json!({ "email": email, "password": "correct horse battery" });
        let url = format!("{}/v1/core/auth/login", self.url);
        let session = client.post(url).json(&login).send().await?;
        let session: Value = session.error_for_status()?.json().await?;
        let token = session.get("access_token").and_then(Value::as_str);
        Ok(Account {
            client,
            token: token.context("no token")?.to_owned(),
            url: self.url.clone(),
        })
    }

    /// Ends it.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        Ok(self.system.stop().await?)
    }
}

/// Opens the links `<prefix><number>` once each, so that they are known from then on.
pub(crate) async fn open_all(url: &str, prefix: &str, numbers: Range<usize>) -> anyhow::Result<()> {
    let client = Client::builder().redirect(Policy::none()).build()?;
    let open = async |number: usize| -> anyhow::Result<()> {
        let answer = client.get(format!("{url}/{prefix}{number}")).send().await?;
        let status = answer.status();
        ensure!(
            status == StatusCode::FOUND,
            "{prefix}{number} was answered {status}"
        );
        Ok(())
    };
    let opening = stream::iter(numbers).map(open);
    opening
        .buffer_unordered(OPENED_AT_ONCE)
        .try_collect::<()>()
        .await
}

impl Account {
    /// Makes a link, and answers where it is opened.
    pub(crate) async fn shortens(&self, slug: &str) -> anyhow::Result<String> {
        let body = json!({ "target": TARGET, "slug": slug });
        let link: Value = self.posts("/v1/links", &body).await?.json().await?;
        let short_url = link.get("short_url").and_then(Value::as_str);
        Ok(short_url.context("no short URL")?.to_owned())
    }

    /// Makes the links `<prefix><number>`, in one step.
    pub(crate) async fn shortens_all(
        &self,
        prefix: &str,
        numbers: Range<usize>,
    ) -> anyhow::Result<()> {
        let link = |number: usize| json!({ "target": format!("{TARGET}&n={number}"), "slug": format!("{prefix}{number}") });
        let links: Vec<_> = numbers.map(link).collect();
        let body = json!({ "links": links });
        let answer = self.posts("/v1/links/bulk", &body).await?;
        answer.bytes().await?;
        Ok(())
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

/// Redirects need no bucket: an address where nothing listens will do.
fn no_storage() -> StorageSettings {
    StorageSettings {
        endpoint: "http://127.0.0.1:9".to_owned(),
        region: "none".to_owned(),
        bucket: "none".to_owned(),
        access_key_id: "none".to_owned(),
        secret_access_key: Secret::new("none"),
    }
}

/// A redirect that stores nothing, on the same runtime; its address, below which it answers anything.
pub(crate) async fn bare_redirect() -> anyhow::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let redirect = async || {
        let headers = [
            (header::LOCATION, TARGET),
            (header::CACHE_CONTROL, "private, no-store"),
        ];
        (StatusCode::FOUND, headers)
    };
    let router = Router::new().route("/{slug}", get(redirect));
    #[expect(
        clippy::disallowed_methods,
        reason = "the peer lives as long as the program"
    )]
    drop(tokio::spawn(
        async move { axum::serve(listener, router).await },
    ));
    Ok(format!("http://{address}"))
}
