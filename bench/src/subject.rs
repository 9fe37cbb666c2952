//! What is measured: the command API on a broker that syncs always, or the whole system; and a peer, a bare axum redirect.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;
use command_api::{PasswordCost, SpoolSettings, StorageSettings};
use futures::{StreamExt, TryStreamExt, stream};
use millrace::system::{Blueprint, Processes, System};
use query_api::DatabaseSettings;
use reqwest::Client;
use reqwest::redirect::Policy;
use servers::{Nats, Scratch, testing};
use service::caller::Tokens;
use service::config::{Secret, Targets};
use service::keys::DataKey;
use service::limits::Limits;
use service::listen::Listener;
use tokio::net::TcpListener;

use crate::account::{Account, TARGET};

/// Far more than a measurement makes wait.
const SPOOL_BYTES_MAX: u64 = 1 << 30;
/// Links that are opened at once.
const OPENED_AT_ONCE: usize = 64;
/// How long clicks may wait for the broker once no more come.
const DRAIN_MAX: Duration = Duration::from_mins(1);
/// How long a start may take.
const READY_MAX: Duration = Duration::from_mins(1);
/// Between two looks.
const LOOK_PAUSE: Duration = Duration::from_millis(50);
/// What the metrics tell of them.
const SPOOLED: &str = "click_spool_messages ";
/// The same for every subject of a run, so that they read each other's users.
const DATA_KEY: &str = "bWlsbHJhY2UgYmVuY2htYXJrcyBuZWVkIG5vIGtleTo=";

/// The command API alone, as production runs it; or the whole system, if it has a database.
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
    /// Where the read models are; without them there are neither projectors nor a query API.
    pub(crate) database: Option<&'a str>,
    /// Whether the read models are kept up to date, if there are any.
    pub(crate) is_projecting: bool,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self {
            password_cost: PasswordCost::Owasp,
            link_cache_max: 100_000,
            spool: None,
            like: None,
            database: None,
            is_projecting: true,
        }
    }
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
                projectors: settings.is_projecting && settings.database.is_some(),
                query_api: settings.database.is_some(),
            },
            public_url: settings.like.unwrap_or(&url).parse()?,
            nats_url: Secret::new(broker),
            database: settings.database.map(reached),
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
        Account::register(&self.url, name).await
    }

    /// Waits until no click waits for the broker any more.
    pub(crate) async fn drains(&self) -> anyhow::Result<()> {
        let (client, url) = (Client::new(), format!("{}/metrics", self.url));
        let started = Instant::now();
        while !is_drained(&client.get(&url).send().await?.text().await?)? {
            ensure!(started.elapsed() < DRAIN_MAX, "clicks still wait");
            tokio::time::sleep(LOOK_PAUSE).await;
        }
        Ok(())
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

/// Waits until all that is measured works there.
pub(crate) async fn ready(url: &str) -> anyhow::Result<()> {
    let (client, url) = (Client::new(), format!("{url}/health/ready"));
    let started = Instant::now();
    loop {
        let health: Health = client.get(&url).send().await?.json().await?;
        // There is no bucket, and nobody needs it.
        let is_lacking = |it: &Missing| it.component != "storage";
        let Some(lacking) = health.missing.into_iter().find(is_lacking) else {
            return Ok(());
        };
        ensure!(started.elapsed() < READY_MAX, "it lacks {lacking:?}");
        tokio::time::sleep(LOOK_PAUSE).await;
    }
}

/// What a process says of itself.
#[derive(serde::Deserialize)]
struct Health {
    #[serde(default)]
    missing: Vec<Missing>,
}

#[derive(Debug, serde::Deserialize)]
struct Missing {
    component: String,
}

fn reached(database: &str) -> DatabaseSettings {
    DatabaseSettings {
        url: Secret::new(database),
        pool_size: 20,
        timeout: Duration::from_secs(30),
    }
}

/// Whether the metrics tell that nothing waits.
fn is_drained(metrics: &str) -> anyhow::Result<bool> {
    let waiting = metrics.lines().find_map(|it| it.strip_prefix(SPOOLED));
    Ok(waiting.context("no figure of the spool")?.trim() == "0")
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
