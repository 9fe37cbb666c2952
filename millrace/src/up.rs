//! Everything in one process, with private servers for what the environment doesn't name.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context;
use command_api::{PasswordCost, SpoolSettings};
use query_api::DatabaseSettings;
use service::caller::Tokens;
use service::config::{Config, ConfigError, Environment, Required, UP_PORT};
use service::listen::Listener;
use service::telemetry;
use url::Url;

use crate::apart::{spool_settings, storage_settings};
use crate::private::Private;
use crate::secrets::{Secrets, remember_address};
use crate::serve::{end, everywhere, flush, until_stopped};
use crate::system::{Blueprint, Processes, System};
use crate::tour;

/// Runs the system until Ctrl-C, then ends it and its servers.
pub async fn run(config: Config) -> anyhow::Result<()> {
    ensure_given(&config)?;
    let telemetry = telemetry::init("millrace", &config.log, config.otlp_endpoint.as_ref())?;
    let listener = Listener::bind(address(&config)).await?;
    let data = data_folder(&config)?;
    let public_url = public_url(&config, &listener)?;
    let secrets = Secrets::of(&config, &data)?;
    remember_address(&data, public_url.as_str())?;
    let mut private = Private::start(&config, &data, say).await?;
    let spool = spool_settings(&data, &config);
    let blueprint = blueprint(&config, &private, secrets, public_url.clone(), spool)?;
    let done = match System::start(blueprint, listener).await {
        Ok(system) => {
            say(&tour::text(public_url.as_str(), &data));
            serve(system, &mut private).await
        }
        Err(error) => Err(error),
    };
    private.stop().await;
    flush(telemetry).await;
    done
}

async fn serve(system: System, private: &mut Private) -> anyhow::Result<()> {
    let done = tokio::select! {
        done = until_stopped(&system) => done,
        // Never ends.
        () = private.keep_running() => Ok(()),
    };
    end(system, done).await
}

/// Only a developer's machine may leave them out, as there they are made up and kept.
fn ensure_given(config: &Config) -> Result<(), ConfigError> {
    if config.environment == Environment::Development {
        return Ok(());
    }
    let mut required = Required::default();
    required.take("PUBLIC_URL", config.public_url.as_ref());
    required.take("JWT_SECRET", config.jwt_secret.as_ref());
    required.take("DATA_KEY", config.data_key.as_ref());
    required.finish()
}

/// Links belong to this address for ever.
fn public_url(config: &Config, listener: &Listener) -> anyhow::Result<Url> {
    match &config.public_url {
        Some(url) => Ok(url.clone()),
        None => Ok(format!("http://localhost:{}", listener.local_addr().port()).parse()?),
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

fn blueprint(
    config: &Config,
    private: &Private,
    secrets: Secrets,
    public_url: Url,
    spool: SpoolSettings,
) -> anyhow::Result<Blueprint> {
    let nats_url = config.nats_url.clone().or_else(|| private.nats_url());
    let database_url = config
        .database_url
        .clone()
        .or_else(|| private.database_url());
    let given_storage = config.s3.clone().map(storage_settings);
    Ok(Blueprint {
        processes: Processes::ALL,
        public_url,
        nats_url: nats_url.context("there is no broker")?,
        database: database_url.map(|url| DatabaseSettings {
            url,
            pool_size: config.database_pool_size_max,
            timeout: config.database_timeout,
        }),
        storage: given_storage.or_else(|| private.storage()),
        spool: Some(spool),
        data_key: Some(secrets.data_key),
        tokens: Some(Tokens::new(&secrets.jwt, config.jwt_expiration)),
        trusted_proxies: config.trusted_proxies.clone(),
        geoip_database: config.geoip_database.clone(),
        rate_limits: config.rate_limits.clone(),
        link_cache_max: config.link_cache_max,
        click_retention: config.click_retention,
        targets: config.targets.clone(),
        dns_resolver: config.dns_resolver,
        password_cost: PasswordCost::Owasp,
    })
}

#[expect(
    clippy::print_stderr,
    reason = "speaks to the person who started it, not to a log"
)]
fn say(text: &str) {
    eprintln!("{text}");
}
