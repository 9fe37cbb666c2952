//! A running system: the processes that were asked for, put together on one port.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::Router;
use command_api::{CommandApi, PasswordCost, SpoolSettings, StorageSettings};
use ipnet::IpNet;
use nats::{Broker, ConnectError};
use projectors::{Database, Projectors};
use query_api::{DatabaseSettings, QueryApi};
use service::caller::{Gate, Tokens};
use service::config::{Secret, Targets};
use service::health::{Component, Readiness};
use service::keys::{DataKey, Keyring};
use service::limits::Limits;
use service::listen::{Listener, Shortcut, Site};
use service::metrics::Metrics;
use service::problem::Chain;
use service::shutdown::{Tasks, Unfinished};
use service::{guard, health, metrics};
use url::Url;
use utoipa_axum::router::OpenApiRouter;

use crate::docs;

/// How long a broker that isn't there yet is waited for.
const BROKER_PATIENCE: Duration = Duration::from_secs(30);
/// Between two tries.
const BROKER_PAUSE: Duration = Duration::from_millis(250);
/// How long requests under way may take to end, and then the click lane and the projections.
const STOP_PATIENCE: Duration = Duration::from_secs(15);

/// What a system is made from; what a process doesn't use may be left out.
#[derive(Clone)]
pub struct Blueprint {
    /// The processes that are part of it.
    pub processes: Processes,
    /// Where people reach it; short links are made of it.
    pub public_url: Url,
    /// The broker.
    pub nats_url: Secret,
    /// The database; projectors and query-api need it.
    pub database: Option<DatabaseSettings>,
    /// The bucket; command-api needs it.
    pub storage: Option<StorageSettings>,
    /// Where clicks wait for the broker; command-api needs it.
    pub spool: Option<SpoolSettings>,
    /// Wraps users' keys; command-api and projectors need it.
    pub data_key: Option<DataKey>,
    /// Makes and checks tokens; command-api and query-api need it.
    pub tokens: Option<Tokens>,
    /// Whose word about a visitor's address and country is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// A file that tells visitors' countries, and cities if it knows them.
    pub geoip_database: Option<PathBuf>,
    /// How often what anybody may do may be tried.
    pub rate_limits: Limits,
    /// Links that are kept in memory for the redirect.
    pub link_cache_max: u64,
    /// How long raw clicks are kept; none: for ever.
    pub click_retention: Option<Duration>,
    /// Where links may lead.
    pub targets: Targets,
    /// Who is asked for records of domains; none: those of this machine.
    pub dns_resolver: Option<SocketAddr>,
    /// What hashing a password costs.
    pub password_cost: PasswordCost,
}

/// Which processes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processes {
    /// Writes and redirects.
    pub command_api: bool,
    /// From the log to Postgres.
    pub projectors: bool,
    /// Reads and live subscriptions.
    pub query_api: bool,
}

/// A system that serves until it is stopped.
#[derive(Debug)]
pub struct System {
    address: SocketAddr,
    readiness: Readiness,
    /// Listens; ends first, so that what requests need is there until the last is answered.
    listening: Tasks,
    tasks: Tasks,
}

/// The routes of each context, and the redirects.
#[derive(Default)]
struct Routes {
    contexts: BTreeMap<&'static str, OpenApiRouter>,
    redirects: Option<(Router, Shortcut)>,
}

impl Processes {
    /// All in one.
    pub const ALL: Self = Self {
        command_api: true,
        projectors: true,
        query_api: true,
    };
}

impl System {
    /// Starts the processes; the listener was bound before, so that an occupied port is told before anything runs.
    pub async fn start(blueprint: Blueprint, listener: Listener) -> anyhow::Result<Self> {
        let broker = connect(&blueprint.nats_url).await?;
        broker
            .apply_streams()
            .await
            .context("the streams could not be made")?;
        // query-api opens nothing that is sealed.
        let Processes {
            command_api,
            projectors,
            ..
        } = blueprint.processes;
        let data_key = blueprint.data_key.as_ref();
        let keyring = match data_key.filter(|_| command_api || projectors) {
            Some(key) => Some(open_keyring(&broker, key).await?),
            None => None,
        };
        let (readiness, metrics, tasks) =
            (Readiness::default(), Metrics::default(), Tasks::default());
        let component = readiness.component("broker");
        tasks.spawn_until_stopped("broker", watch_broker(broker.clone(), component));
        let listening = Tasks::default();
        let world = World {
            broker: &broker,
            readiness: &readiness,
            metrics: &metrics,
            tasks: &tasks,
            listening: &listening,
        };
        let routes = start(blueprint, keyring, &world).await?;
        let address = listener.local_addr();
        let site = assemble(routes, &readiness, &metrics);
        listening.spawn("listener", listener.serve(site, listening.stopping()));
        Ok(Self {
            address,
            readiness,
            listening,
            tasks,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it lacks.
    #[must_use]
    pub const fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// Waits until a part of it can't go on, and names the part.
    pub async fn failed(&self) -> &'static str {
        tokio::select! {
            name = self.tasks.failed() => name,
            name = self.listening.failed() => name,
        }
    }

    /// Ends it: requests under way are answered, clicks under way are stored.
    pub async fn stop(self) -> Result<(), Unfinished> {
        let drained = self.listening.stop(STOP_PATIENCE).await;
        self.tasks.stop(STOP_PATIENCE).await.and(drained)
    }
}

async fn connect(url: &Secret) -> anyhow::Result<Broker> {
    let give_up = Instant::now() + BROKER_PATIENCE;
    let mut is_told = false;
    loop {
        match Broker::connect(url.expose(), "millrace").await {
            Err(error @ ConnectError::Unreachable(_)) if Instant::now() < give_up => {
                if !is_told {
                    tracing::warn!(error = %Chain(&error), "no broker yet; trying again");
                    is_told = true;
                }
                tokio::time::sleep(BROKER_PAUSE).await;
            }
            Err(error @ ConnectError::Unreachable(_)) => {
                let told = format!("no broker answered at NATS_URL within {BROKER_PATIENCE:?}");
                return Err(error).context(told);
            }
            done => return done.context("the broker (NATS_URL) can't be used"),
        }
    }
}

/// All keys of the installation; its secret is made with the log.
///
/// With another `DATA_KEY` no name could be read, and an address that is taken could be taken again.
async fn open_keyring(broker: &Broker, key: &DataKey) -> anyhow::Result<Keyring> {
    let new = key.new_secret()?;
    let settled = broker.settle_secret(new.into()).await;
    let settled = settled.context("the installation's secret could not be read")?;
    key.keyring(&String::from_utf8_lossy(&settled))
        .context("DATA_KEY is not the key that this log is in use with; give that one")
}

/// What every process works with.
struct World<'w> {
    broker: &'w Broker,
    readiness: &'w Readiness,
    metrics: &'w Metrics,
    tasks: &'w Tasks,
    listening: &'w Tasks,
}

async fn start(
    blueprint: Blueprint,
    keyring: Option<Keyring>,
    world: &World<'_>,
) -> anyhow::Result<Routes> {
    let Blueprint {
        processes,
        public_url,
        database,
        storage,
        spool,
        ..
    } = blueprint;
    let World {
        broker,
        readiness,
        metrics,
        tasks,
        listening,
    } = *world;
    // The projectors admit nobody.
    let gate = blueprint
        .tokens
        .filter(|_| processes.command_api || processes.query_api)
        .map(|tokens| Gate::follow(tokens, broker.clone(), readiness, tasks));
    let mut routes = Routes::default();
    if processes.command_api {
        let settings = command_api::Settings {
            public_url: public_url.clone(),
            trusted_proxies: blueprint.trusted_proxies,
            keyring: keyring.clone().context("command-api needs a data key")?,
            gate: gate.clone().context("command-api needs tokens")?,
            geoip_database: blueprint.geoip_database,
            rate_limits: blueprint.rate_limits,
            link_cache_max: blueprint.link_cache_max,
            password_cost: blueprint.password_cost,
            storage: storage.context("command-api needs a bucket")?,
            targets: blueprint.targets,
            dns_resolver: blueprint.dns_resolver,
            spool: spool.context("command-api needs a spool")?,
        };
        let built = command_api::build(settings, broker.clone(), readiness, metrics, tasks);
        // Large, and polled once: it stands apart from whatever waits for it.
        let built = Box::pin(built).await?;
        routes.take_command_api(built);
    }
    if processes.projectors {
        let settings = database.clone().context("projectors need a database")?;
        Projectors {
            broker: broker.clone(),
            database: Database::new(&settings.url, settings.timeout)?,
            keyring: keyring.context("projectors need a data key")?,
            click_retention: blueprint.click_retention,
            readiness: readiness.clone(),
            metrics: metrics.clone(),
            tasks: tasks.clone(),
        }
        .start();
    }
    if processes.query_api {
        routes.take_query_api(query_api::build(query_api::Parts {
            broker: broker.clone(),
            database: database.context("query-api needs a database")?,
            gate: gate.context("query-api needs tokens")?,
            public_url,
            readiness: readiness.clone(),
            metrics: metrics.clone(),
            tasks: tasks.clone(),
            draining: listening.stopping(),
        })?);
    }
    Ok(routes)
}

impl Routes {
    fn take_command_api(&mut self, built: CommandApi) {
        self.add("core", built.core);
        self.add("media", built.media);
        self.add("links", built.links);
        self.redirects = Some((built.redirects, built.shortcut));
    }

    fn take_query_api(&mut self, built: QueryApi) {
        self.add("core", built.core);
        self.add("media", built.media);
        self.add("links", built.links);
    }

    fn add(&mut self, context: &'static str, routes: OpenApiRouter) {
        let before = self.contexts.remove(context).unwrap_or_default();
        self.contexts.insert(context, before.merge(routes));
    }
}

fn assemble(routes: Routes, readiness: &Readiness, metrics: &Metrics) -> Site {
    let mut api = Router::new();
    if !routes.contexts.is_empty() {
        api = api.merge(docs::page()).merge(docs::bus());
    }
    for (context, routes) in routes.contexts {
        api = api.merge(docs::with_document(context, routes));
    }
    let router = guard::api(api, metrics)
        .merge(health::routes(readiness.clone()))
        .merge(metrics::routes(metrics.clone()));
    match routes.redirects {
        Some((redirects, shortcut)) => {
            Site::from(router.merge(guard::redirects(redirects, metrics))).with(shortcut)
        }
        None => router.into(),
    }
}

/// The end of the watch is the end of the connection, which the broker's clones keep.
async fn watch_broker(broker: Broker, component: Component) {
    let mut connection = broker.connection();
    loop {
        if connection.borrow_and_update().is_up {
            component.up();
        } else {
            component.down("not connected");
        }
        if connection.changed().await.is_err() {
            return;
        }
    }
}
