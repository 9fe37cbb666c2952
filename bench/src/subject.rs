//! What is measured: the command API on a broker that syncs always, and its peer, a bare axum redirect.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;
use command_api::{PasswordCost, SpoolSettings, StorageSettings};
use millrace::system::{Blueprint, Processes, System};
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
/// Where the measured link leads.
pub(crate) const TARGET: &str = "https://shop.example/spring?utm_source=mail";

/// The command API alone, as production runs it, with a broker of its own.
pub(crate) struct Subject {
    system: System,
    /// Where it is reached.
    pub(crate) url: String,
    /// Where clicks wait that the broker is slow to take.
    _spool: Scratch,
}

impl Subject {
    /// Starts it, without limits to how often somebody may try.
    pub(crate) async fn start(broker: &Nats, cost: PasswordCost) -> anyhow::Result<Self> {
        let spool = testing::scratch();
        let listener = Listener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let url = format!("http://{}", listener.local_addr());
        let secret = Secret::new("a secret that only this measurement knows");
        let blueprint = Blueprint {
            processes: Processes {
                command_api: true,
                projectors: false,
                query_api: false,
            },
            public_url: url.parse()?,
            nats_url: Secret::new(broker.url()),
            database: None,
            storage: Some(no_storage()),
            spool: Some(SpoolSettings {
                folder: spool.path().to_owned(),
                bytes_max: SPOOL_BYTES_MAX,
            }),
            data_key: Some(DataKey::random()?),
            tokens: Some(Tokens::new(&secret, Duration::from_hours(1))),
            trusted_proxies: Vec::new(),
            geoip_database: None,
            rate_limits: Limits::off(),
            link_cache_max: 100_000,
            targets: Targets::default(),
            dns_resolver: None,
            password_cost: cost,
        };
        let system = System::start(blueprint, listener).await?;
        Ok(Self {
            system,
            url,
            _spool: spool,
        })
    }

    /// Makes a link, and answers where it is opened.
    pub(crate) async fn shortens(&self) -> anyhow::Result<String> {
        shorten(&self.url).await
    }

    /// Ends it.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        Ok(self.system.stop().await?)
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

async fn shorten(base: &str) -> anyhow::Result<String> {
    let client = reqwest::Client::new();
    let account =
        json!({ "email": "ada@example.com", "password": "correct horse battery", "name": "Ada" });
    let login = json!({ "email": "ada@example.com", "password": "correct horse battery" });
    client
        .post(format!("{base}/v1/core/users"))
        .json(&account)
        .send()
        .await?
        .error_for_status()?;
    let session: Value = client
        .post(format!("{base}/v1/core/auth/login"))
        .json(&login)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    let token = session
        .get("access_token")
        .and_then(Value::as_str)
        .context("no token")?;
    let link: Value = client
        .post(format!("{base}/v1/links"))
        .bearer_auth(token)
        .json(&json!({ "target": TARGET, "slug": "spring" }))
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    Ok(link
        .get("short_url")
        .and_then(Value::as_str)
        .context("no short URL")?
        .to_owned())
}

/// A redirect that stores nothing, on the same runtime; the address to open.
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
    Ok(format!("http://{address}/spring"))
}
