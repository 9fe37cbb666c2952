//! The command API: takes wishes, decides them against the log, and leads visitors on.
//!
//! It is the only writer of events, and it never reads a read model.

mod accepted;
mod agents;
mod app;
mod bots;
mod bounded_file;
mod claim;
mod core;
mod decider;
mod geo;
mod handle;
mod hashing;
mod idempotency;
mod links;
mod media;
mod openapi;
mod origin;
mod problem;
#[cfg(test)]
mod spec;
mod text;

use std::net::SocketAddr;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use ipnet::IpNet;
use nats::{Broker, ClickLane, ReadError, Spool, SpoolError};
use service::caller::Gate;
use service::client_address::TrustedProxies;
use service::config::Targets;
use service::health::{Component, Readiness};
use service::keys::Keyring;
use service::limits::{Limiter, Limits};
use service::listen::Shortcut;
use service::metrics::Metrics;
use service::shutdown::Tasks;
use service::world;
use tokio::task::spawn_blocking;
use url::Url;
use utoipa_axum::router::OpenApiRouter;

use agents::Agents;
use app::{App, Parts};
use core::Identities;
use geo::Geo;
use handle::Commands;
use hashing::{Hashing, HashingError};
use links::redirect::{Directory, RedirectMetrics, Salts};
use links::{Domain, Fill, ImportRoom, ReportTurns, TargetRules};

pub use bounded_file::FileError;
pub use geo::GeoError;
pub use hashing::PasswordCost;
pub use links::BlocklistError;
pub use media::{Storage, StorageSettings};

/// How long the storage is left alone after it failed.
const STORAGE_RETRY: Duration = Duration::from_secs(2);

/// What the command API is made of.
pub struct Settings {
    /// Where people reach Millrace; short links are made of it.
    pub public_url: Url,
    /// Whose word about a visitor's address and country is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// A file that tells visitors' countries, and cities if it knows them.
    pub geoip_database: Option<PathBuf>,
    /// Wraps users' keys and makes addresses unfindable.
    pub keyring: Keyring,
    /// Makes access tokens, and checks who calls.
    pub gate: Gate,
    /// How often what anybody may do may be tried.
    pub rate_limits: Limits,
    /// Links that are kept in memory for the redirect.
    pub link_cache_max: u64,
    /// What hashing a password costs.
    pub password_cost: PasswordCost,
    /// Where uploads go.
    pub storage: StorageSettings,
    /// Where links may lead.
    pub targets: Targets,
    /// Who is asked for records of domains; none: those of this machine.
    pub dns_resolver: Option<SocketAddr>,
    /// Where clicks wait for the broker.
    pub spool: SpoolSettings,
}

/// Where clicks wait for the broker.
#[derive(Clone, Debug)]
pub struct SpoolSettings {
    /// A folder that no other process uses.
    pub folder: PathBuf,
    /// What its files may take.
    pub bytes_max: u64,
}

/// The command API's routes: those that are described, and the redirect, which stands apart since it must be fast.
pub struct CommandApi {
    /// `/v1/core/*`, with its OpenAPI description.
    pub core: OpenApiRouter,
    /// `/v1/media/*`
    pub media: OpenApiRouter,
    /// `/v1/links*`
    pub links: OpenApiRouter,
    /// `/{slug}`
    pub redirects: Router,
    /// Its `GET` and `HEAD`, asked before any router.
    pub shortcut: Shortcut,
}

/// The command API could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The log's tail could not be opened.
    #[error("the tail of LINKS could not be opened")]
    Tail(#[from] ReadError),
    /// The domains that no link may lead to could not be read.
    #[error("the blocked domains (TARGET_BLOCKLIST) can't be used")]
    Blocklist(#[from] BlocklistError),
    /// The file that tells where visitors are could not be read.
    #[error("the file of visitors' countries (GEOIP_DATABASE) can't be used")]
    Geo(#[from] GeoError),
    /// There is no place for clicks to wait in.
    #[error("clicks have no place to wait in while the broker is away (MILLRACE_DATA)")]
    Spool(#[from] SpoolError),
    /// The one hash that is made at the start could not be.
    #[error("no password could be hashed")]
    Hashing(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Makes the command API; its background work runs among `tasks`.
pub async fn build(
    settings: Settings,
    broker: Broker,
    readiness: &Readiness,
    metrics: &Metrics,
    tasks: &Tasks,
) -> Result<CommandApi, BuildError> {
    let Settings {
        public_url,
        trusted_proxies,
        geoip_database,
        keyring,
        gate,
        rate_limits,
        link_cache_max,
        password_cost,
        storage,
        targets,
        dns_resolver,
        spool,
    } = settings;
    let domain = Domain::of(&public_url);
    let targets = TargetRules::new(targets, vec![domain.host().to_owned()])?;
    let geo = Geo::read(geoip_database.as_deref())?;
    let directory = open_directory(link_cache_max, &targets, &broker, metrics, tasks).await?;
    let salts = open_salts(&broker, tasks).await;
    let lane = open_lane(spool, &broker, metrics, tasks).await?;
    let watch = links::spool::watch(lane.clone(), readiness.component("spool"));
    tasks.spawn_until_stopped("spool", watch);
    let storage = Storage::new(storage);
    tasks.spawn_until_stopped(
        "storage",
        watch_storage(storage.clone(), readiness.component("storage")),
    );
    let trusted_proxies = TrustedProxies::from(trusted_proxies);
    let hashing = Hashing::new(password_cost)
        .map_err(|error: HashingError| BuildError::Hashing(error.into()))?;
    let blinding = keyring.clone();
    let blinded = move |label: &str, value: &str| blinding.blind_index(label, value);
    let proxies = trusted_proxies.clone();
    let limiter = Limiter::new(broker.clone(), rate_limits, proxies, metrics, blinded);
    let app = App::new(Parts {
        commands: Commands::new(broker.clone(), keyring.clone()),
        identities: Identities::new(broker.clone(), keyring.clone()),
        broker,
        keyring,
        gate,
        limiter,
        link_hashing: hashing.of_links(),
        hashing,
        domain,
        targets,
        dns_resolver,
        fill: Fill::default(),
        directory,
        imports: ImportRoom::default(),
        report_turns: ReportTurns::default(),
        agents: Agents::new(),
        geo,
        salts,
        lane,
        trusted_proxies,
        redirects: RedirectMetrics::registered(metrics),
        storage,
    });
    tasks.spawn_until_stopped("key uses", core::key_uses::follow(app.clone()));
    Ok(CommandApi {
        core: core::http::routes(&app.limiter).with_state(app.clone()),
        media: media::http::routes().with_state(app.clone()),
        links: links::http::routes(&app.limiter).with_state(app.clone()),
        shortcut: links::redirect::shortcut(app.clone(), metrics),
        redirects: links::redirect::routes(app),
    })
}

async fn open_directory(
    links_max: u64,
    targets: &TargetRules,
    broker: &Broker,
    metrics: &Metrics,
    tasks: &Tasks,
) -> Result<Directory, ReadError> {
    let directory = Directory::new(links_max, targets.blocklist());
    links::redirect::register(metrics, &directory);
    let tail = links::redirect::open_tail(broker).await?;
    let following = links::redirect::follow(directory.clone(), broker.clone(), tail);
    tasks.spawn_until_stopped("directory", following);
    Ok(directory)
}

/// Tries once before anybody comes; links lead with or without a salt.
async fn open_salts(broker: &Broker, tasks: &Tasks) -> Arc<Salts> {
    let salts = Arc::new(Salts::default());
    if let Err(error) = salts.renew(broker, world::now()).await {
        tracing::warn!(%error, "no salt for visitor hashes at the start");
    }
    let renewing = links::redirect::renew_always(Arc::clone(&salts), broker.clone());
    tasks.spawn_until_stopped("salts", renewing);
    salts
}

async fn open_lane(
    settings: SpoolSettings,
    broker: &Broker,
    metrics: &Metrics,
    tasks: &Tasks,
) -> Result<ClickLane, BuildError> {
    let SpoolSettings { folder, bytes_max } = settings;
    let opened = spawn_blocking(move || Spool::open(&folder, bytes_max)).await;
    let spool = opened.unwrap_or_else(|error| resume_unwind(error.into_panic()))?;
    let (lane, worker) = ClickLane::new(broker.clone(), world::new_id(), spool, tasks.stopping());
    tasks.spawn("click lane", worker);
    links::spool::register(metrics, &lane);
    Ok(lane)
}

/// Makes the bucket as soon as the storage is there; links and redirects do without it.
async fn watch_storage(storage: Storage, component: Component) {
    while let Err(error) = storage.ensure_bucket().await {
        component.down("the bucket could not be reached");
        tracing::warn!(%error, "the bucket could not be reached");
        tokio::time::sleep(STORAGE_RETRY).await;
    }
    component.up();
}
