//! One process alone, as it runs in production.

use std::path::Path;

use anyhow::Context;
use command_api::{PasswordCost, SpoolSettings, StorageSettings};
use query_api::DatabaseSettings;
use service::caller::Tokens;
use service::config::{COMMAND_API_PORT, Config, PROJECTORS_PORT, QUERY_API_PORT, Required};
use service::listen::Listener;
use service::telemetry;
use url::Url;

use crate::serve::{end, everywhere, flush, until_stopped};
use crate::system::{Blueprint, Processes, System};

/// A process: its name and its usual port.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    name: &'static str,
    port: u16,
    processes: Processes,
}

const NONE: Processes = Processes {
    command_api: false,
    projectors: false,
    query_api: false,
};

/// Writes and redirects.
pub const COMMAND_API: Process = Process {
    name: "command-api",
    port: COMMAND_API_PORT,
    processes: Processes {
        command_api: true,
        ..NONE
    },
};
/// From the log to Postgres; listens for health checks and metrics only.
pub const PROJECTORS: Process = Process {
    name: "projectors",
    port: PROJECTORS_PORT,
    processes: Processes {
        projectors: true,
        ..NONE
    },
};
/// Reads and live subscriptions.
pub const QUERY_API: Process = Process {
    name: "query-api",
    port: QUERY_API_PORT,
    processes: Processes {
        query_api: true,
        ..NONE
    },
};

/// Runs the process until it is told to stop.
pub async fn run(config: Config, process: Process) -> anyhow::Result<()> {
    let telemetry = telemetry::init(process.name, &config.log, config.otlp_endpoint.as_ref())?;
    let port = config.port.unwrap_or(process.port);
    let blueprint = blueprint(config, process.processes)?;
    let listener = Listener::bind(everywhere(port)).await?;
    let system = System::start(blueprint, listener).await?;
    tracing::info!(process = process.name, address = %system.address(), "serving");
    let done = until_stopped(&system).await;
    let done = end(system, done).await;
    flush(telemetry).await;
    done
}

/// What the process needs must be given: nothing is made or provisioned for a process that runs apart.
///
/// # Errors
/// Names every setting that is missing, at once.
pub fn blueprint(config: Config, processes: Processes) -> anyhow::Result<Blueprint> {
    let Processes {
        command_api,
        projectors,
        query_api,
    } = processes;
    let spool = spool_settings(&config.data_dir, &config);
    let mut required = Required::default();
    let nats_url = required.take("NATS_URL", config.nats_url);
    let mut needed = |is_needed: bool, name, is_given: bool| {
        if is_needed && !is_given {
            required.take::<()>(name, None);
        }
    };
    needed(
        projectors || query_api,
        "DATABASE_URL",
        config.database_url.is_some(),
    );
    needed(command_api, "S3_ENDPOINT", config.s3.is_some());
    needed(
        command_api || projectors,
        "DATA_KEY",
        config.data_key.is_some(),
    );
    needed(
        command_api || query_api,
        "JWT_SECRET",
        config.jwt_secret.is_some(),
    );
    needed(
        command_api || query_api,
        "PUBLIC_URL",
        config.public_url.is_some(),
    );
    let unused: Url = "http://localhost".parse().context("a constant is no URL")?;
    let (pool_size, timeout) = (config.database_pool_size_max, config.database_timeout);
    required.finish()?;
    Ok(Blueprint {
        processes,
        public_url: config.public_url.unwrap_or(unused),
        nats_url: nats_url.context("NATS_URL is not set")?,
        database: config.database_url.map(|url| DatabaseSettings {
            url,
            pool_size,
            timeout,
        }),
        storage: config.s3.map(storage_settings),
        spool: Some(spool),
        data_key: config.data_key,
        tokens: config
            .jwt_secret
            .map(|secret| Tokens::new(&secret, config.jwt_expiration)),
        trusted_proxies: config.trusted_proxies,
        geoip_database: config.geoip_database,
        rate_limits: config.rate_limits,
        link_cache_max: config.link_cache_max,
        click_retention: config.click_retention,
        targets: config.targets,
        dns_resolver: config.dns_resolver,
        password_cost: PasswordCost::Owasp,
    })
}

/// Clicks wait in a folder of the data folder.
pub(crate) fn spool_settings(data: &Path, config: &Config) -> SpoolSettings {
    SpoolSettings {
        folder: data.join("spool"),
        bytes_max: config.spool_bytes_max,
    }
}

/// The settings of a bucket that was given.
pub(crate) fn storage_settings(s3: service::config::S3) -> StorageSettings {
    StorageSettings {
        endpoint: s3.endpoint.to_string(),
        region: s3.region,
        bucket: s3.bucket,
        access_key_id: s3.access_key_id,
        secret_access_key: s3.secret_access_key,
    }
}
