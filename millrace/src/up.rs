//! Everything in one process, with private servers for what the environment doesn't name.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use command_api::StorageSettings;
use query_api::DatabaseSettings;
use servers::{Durability, Nats, Postgres, Storage, Tool, Tools};
use service::caller::Tokens;
use service::config::{Config, Environment, Secret, UP_PORT};
use service::listen::Listener;
use service::{shutdown, telemetry};
use url::Url;

use crate::apart::storage_settings;
use crate::secrets::Secrets;
use crate::system::{Blueprint, Processes, System};
use crate::tour;

/// The database and the bucket of private servers.
const DATABASE: &str = "millrace";
const BUCKET: &str = "millrace";

/// The servers that this process started, and must end.
#[derive(Debug, Default)]
struct Private {
    nats: Option<Nats>,
    postgres: Option<Postgres>,
    storage: Option<Storage>,
}

/// Runs the system until Ctrl-C, then ends it and its servers.
pub async fn run(config: Config) -> anyhow::Result<()> {
    let telemetry = telemetry::init("millrace", &config.log, config.otlp_endpoint.as_ref())?;
    let listener = Listener::bind(address(&config)).await?;
    let data = data_folder(&config)?;
    let public_url = match &config.public_url {
        Some(url) => url.clone(),
        None => format!("http://localhost:{}", listener.local_addr().port()).parse()?,
    };
    let secrets = Secrets::of(&config, &data)?;
    let mut private = Private::start(&config, &data).await?;
    let blueprint = blueprint(&config, &private, secrets, public_url.clone())?;
    let done = match System::start(blueprint, listener).await {
        Ok(system) => {
            say(&tour::text(public_url.as_str(), &data));
            serve(system, &private).await
        }
        Err(error) => Err(error),
    };
    private.stop().await;
    telemetry.shutdown();
    done
}

/// Until Ctrl-C; or until a private server ends by itself, which nothing can make good.
async fn serve(system: System, private: &Private) -> anyhow::Result<()> {
    tokio::select! {
        done = until_stopped_ref(&system) => {
            system.stop().await?;
            done
        }
        server = private.ended() => {
            system.stop().await?;
            bail!("the private {server} server ended; its log is in its data folder")
        }
    }
}

/// Serves until the process is told to stop or a part of it can't go on.
pub(crate) async fn until_stopped(system: System) -> anyhow::Result<()> {
    let done = until_stopped_ref(&system).await;
    system.stop().await?;
    done
}

async fn until_stopped_ref(system: &System) -> anyhow::Result<()> {
    tokio::select! {
        signal = shutdown::signal() => {
            signal?;
            tracing::info!("stopping");
            Ok(())
        }
        part = system.failed() => bail!("{part} can't go on"),
    }
}

/// On a developer's machine nobody else is let in; elsewhere the port is there for others.
fn address(config: &Config) -> SocketAddr {
    let port = config.port.unwrap_or(UP_PORT);
    match config.environment {
        Environment::Development => SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        Environment::Staging | Environment::Production => everywhere(port),
    }
}

/// Every address of the machine.
pub(crate) const fn everywhere(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port)
}

fn data_folder(config: &Config) -> anyhow::Result<PathBuf> {
    let folder = &config.data_dir;
    let told = || {
        format!(
            "MILLRACE_DATA: the folder {} can't be used",
            folder.display()
        )
    };
    std::fs::create_dir_all(folder).with_context(told)?;
    folder.canonicalize().with_context(told)
}

impl Private {
    /// Starts what the settings don't name, all at once.
    async fn start(config: &Config, data: &Path) -> anyhow::Result<Self> {
        let wanted = wanted(config);
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        // The tools are the machine's, not the data's: another data folder finds them too.
        let tools = Tools::provide(Path::new(".tools"), &wanted, say).await?;
        let start = |tool| wanted.contains(&tool);
        let nats = async {
            let is_wanted = start(Tool::Nats);
            Ok(if is_wanted {
                Some(Nats::start(&tools, &data.join("nats")).await?)
            } else {
                None
            })
        };
        let postgres = async {
            if !start(Tool::Postgres) {
                return Ok(None);
            }
            let folder = data.join("postgres");
            let postgres = Postgres::start(&tools, &folder, Durability::Full).await?;
            postgres.create_database(DATABASE).await?;
            Ok(Some(postgres))
        };
        let storage = async {
            let is_wanted = start(Tool::Storage);
            let folder = data.join("storage");
            Ok(if is_wanted {
                Some(Storage::start(&tools, &folder).await?)
            } else {
                None
            })
        };
        let (nats, postgres, storage) = tokio::try_join!(nats, postgres, storage)
            .map_err(|error: servers::StartError| error)?;
        Ok(Self {
            nats,
            postgres,
            storage,
        })
    }

    /// Waits until one of them ends, and names it.
    async fn ended(&self) -> &'static str {
        let nats = async {
            match &self.nats {
                Some(server) => server.exited().wait().await,
                None => std::future::pending().await,
            }
        };
        let postgres = async {
            match &self.postgres {
                Some(server) => server.exited().wait().await,
                None => std::future::pending().await,
            }
        };
        let storage = async {
            match &self.storage {
                Some(server) => server.exited().wait().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = nats => "NATS",
            _ = postgres => "Postgres",
            _ = storage => "S3",
        }
    }

    async fn stop(&mut self) {
        let nats = async {
            if let Some(server) = &mut self.nats {
                server.stop().await;
            }
        };
        let postgres = async {
            if let Some(server) = &mut self.postgres {
                server.stop().await;
            }
        };
        let storage = async {
            if let Some(server) = &mut self.storage {
                server.stop().await;
            }
        };
        tokio::join!(nats, postgres, storage);
    }
}

fn wanted(config: &Config) -> Vec<Tool> {
    [
        (Tool::Nats, config.nats_url.is_none()),
        (Tool::Postgres, config.database_url.is_none()),
        (Tool::Storage, config.s3.is_none()),
    ]
    .into_iter()
    .filter_map(|(tool, is_wanted)| is_wanted.then_some(tool))
    .collect()
}

fn blueprint(
    config: &Config,
    private: &Private,
    secrets: Secrets,
    public_url: Url,
) -> anyhow::Result<Blueprint> {
    let private_nats = || private.nats.as_ref().map(|nats| Secret::new(nats.url()));
    let private_url = || {
        private
            .postgres
            .as_ref()
            .map(|postgres| Secret::new(postgres.url(DATABASE)))
    };
    let database_url = config.database_url.clone().or_else(private_url);
    let given_storage = config.s3.clone().map(storage_settings);
    Ok(Blueprint {
        processes: Processes::ALL,
        public_url,
        nats_url: config
            .nats_url
            .clone()
            .or_else(private_nats)
            .context("no broker")?,
        database: database_url.map(|url| DatabaseSettings {
            url,
            pool_size: config.database_pool_size_max,
            timeout: config.database_timeout,
        }),
        storage: given_storage.or_else(|| private.storage.as_ref().map(private_storage)),
        data_key: Some(secrets.data_key),
        tokens: Some(Tokens::new(&secrets.jwt, config.jwt_expiration)),
        trusted_proxies: config.trusted_proxies.clone(),
    })
}

fn private_storage(storage: &Storage) -> StorageSettings {
    StorageSettings {
        endpoint: storage.endpoint(),
        region: storage.region().to_owned(),
        bucket: BUCKET.to_owned(),
        access_key_id: storage.access_key().to_owned(),
        secret_access_key: Secret::new(storage.secret_key()),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "speaks to the person who started it, not to a log"
)]
fn say(text: &str) {
    eprintln!("{text}");
}
