//! The settings: from the environment only, read once, all faults reported at once.

mod fault;
mod parse;
mod read;
mod secret;
mod settings;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

pub use self::fault::{ConfigError, Required};
pub use self::parse::JWT_SECRET_CHARACTERS_MIN;
pub use self::secret::Secret;
pub use self::settings::{SETTINGS, Setting};
use crate::keys::DataKey;
use crate::limits::Limits;

/// Where `millrace up` listens unless `APP_PORT` says otherwise.
pub const UP_PORT: u16 = 8080;
/// Where command-api listens when it runs apart.
pub const COMMAND_API_PORT: u16 = 8081;
/// Where query-api listens when it runs apart.
pub const QUERY_API_PORT: u16 = 8082;
/// Where projectors answers health and metrics when it runs apart.
pub const PROJECTORS_PORT: u16 = 8083;

/// What kind of installation this is; outside `Development` nothing that matters is made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// A laptop: `millrace up` makes the secrets that are missing.
    Development,
    /// A rehearsal of production.
    Staging,
    /// The real thing.
    Production,
}

impl Environment {
    /// For people where people look, for machines elsewhere.
    const fn log_format(self) -> LogFormat {
        match self {
            Self::Development => LogFormat::Text,
            Self::Staging | Self::Production => LogFormat::Json,
        }
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, on stdout.
    Json,
    /// For people, on stderr.
    Text,
}

/// What is logged, and how.
#[derive(Debug, Clone)]
pub struct Log {
    /// A level, or directives as `tracing_subscriber::EnvFilter` reads them.
    pub level: String,
    /// How lines are written.
    pub format: LogFormat,
}

/// Where assets are kept.
#[derive(Debug, Clone)]
pub struct S3 {
    /// The server.
    pub endpoint: Url,
    /// The region that requests are signed for.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// Who signs.
    pub access_key_id: String,
    /// What is signed with.
    pub secret_access_key: Secret,
}

/// Where links may lead.
#[derive(Debug, Clone, Default)]
pub struct Targets {
    /// Schemes besides http and https, in lower case.
    pub schemes: Vec<String>,
    /// Whether a link may lead into a private network, or to this machine.
    pub is_private_allowed: bool,
    /// A file of domains to which no link may lead.
    pub blocklist: Option<PathBuf>,
}

/// All settings. What is `None` was not given: `millrace up` provides a private server or makes
/// a secret, and a process that runs apart asks for it through [`Required`].
#[derive(Debug, Clone)]
pub struct Config {
    /// `APP_ENV`.
    pub environment: Environment,
    /// `APP_PORT`; each process has its own default.
    pub port: Option<u16>,
    /// `PUBLIC_URL`.
    pub public_url: Option<Url>,
    /// `MILLRACE_DATA`.
    pub data_dir: PathBuf,
    /// `SPOOL_BYTES_MAX`; at least 1 MiB, which is two of the largest messages.
    pub spool_bytes_max: u64,
    /// `NATS_URL`; may hold a password, and several servers separated by commas.
    pub nats_url: Option<Secret>,
    /// `DATABASE_URL`; may hold a password.
    pub database_url: Option<Secret>,
    /// `DATABASE_POOL_SIZE`; what query-api opens, which is at least 3.
    pub database_pool_size_max: u32,
    /// `DATABASE_TIMEOUT`.
    pub database_timeout: Duration,
    /// `JWT_SECRET`.
    pub jwt_secret: Option<Secret>,
    /// `JWT_EXPIRATION`.
    pub jwt_expiration: Duration,
    /// `DATA_KEY`: one key, or several of which the first wraps.
    pub data_key: Option<DataKey>,
    /// `S3_*`; given as soon as `S3_ENDPOINT` is.
    pub s3: Option<S3>,
    /// `CDN_URL`.
    pub cdn_url: Option<Url>,
    /// `TRUSTED_PROXIES`.
    pub trusted_proxies: Vec<IpNet>,
    /// `GEOIP_DATABASE`.
    pub geoip_database: Option<PathBuf>,
    /// `RATE_LIMITS`.
    pub rate_limits: Limits,
    /// `LINK_CACHE_MAX`.
    pub link_cache_max: u64,
    /// `CLICK_RETENTION_DAYS`; for ever if it isn't said.
    pub click_retention: Option<Duration>,
    /// `TARGET_SCHEMES`, `PRIVATE_TARGETS` and `TARGET_BLOCKLIST`.
    pub targets: Targets,
    /// `DNS_RESOLVER`.
    pub dns_resolver: Option<SocketAddr>,
    /// `LOG_LEVEL` and `LOG_FORMAT`.
    pub log: Log,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub otlp_endpoint: Option<Url>,
}
