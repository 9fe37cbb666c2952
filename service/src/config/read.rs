//! How the settings are put together from single variables.

use std::time::Duration;

use super::fault::{ConfigError, Reader};
use super::{Config, Environment, Log, S3, Secret, Targets, parse};

const SECONDS_A_DAY: u32 = 86_400;
/// A century.
const DAYS_MAX: u32 = 36_525;

impl Config {
    /// Reads the environment of this process; only `main` does.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads the settings that `lookup` knows.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut from = Reader::new(lookup);
        let environment = from
            .read("APP_ENV", parse::environment)
            .unwrap_or(Environment::Development);
        let config = Self {
            environment,
            port: from.read("APP_PORT", parse::number(1..=u16::MAX)),
            public_url: from.read("PUBLIC_URL", parse::web_url),
            data_dir: from
                .read("MILLRACE_DATA", text)
                .unwrap_or_else(|| ".millrace".into())
                .into(),
            spool_bytes_max: from
                .read("SPOOL_BYTES_MAX", parse::number(1 << 20..=1 << 50))
                .unwrap_or(1 << 30),
            nats_url: from.read("NATS_URL", parse::nats_url),
            database_url: from.read("DATABASE_URL", parse::database_url),
            database_pool_size_max: from
                .read("DATABASE_POOL_SIZE", parse::number(1..=1000))
                .unwrap_or(20),
            database_timeout: seconds(&mut from, "DATABASE_TIMEOUT", 3600, 30),
            jwt_secret: from.read("JWT_SECRET", parse::jwt_secret),
            jwt_expiration: seconds(&mut from, "JWT_EXPIRATION", SECONDS_A_DAY, 3600),
            data_key: from.read("DATA_KEY", parse::data_key),
            s3: s3(&mut from),
            cdn_url: from.read("CDN_URL", parse::web_url),
            trusted_proxies: from
                .read("TRUSTED_PROXIES", parse::networks)
                .unwrap_or_default(),
            geoip_database: from.read("GEOIP_DATABASE", text).map(Into::into),
            rate_limits: from
                .read("RATE_LIMITS", parse::rate_limits)
                .unwrap_or_default(),
            link_cache_max: from
                .read("LINK_CACHE_MAX", parse::number(1..=1_000_000_000))
                .unwrap_or(100_000),
            click_retention: from
                .read("CLICK_RETENTION_DAYS", parse::number(1..=DAYS_MAX))
                .map(|days| Duration::from_hours(24 * u64::from(days))),
            targets: Targets {
                schemes: from
                    .read("TARGET_SCHEMES", parse::target_schemes)
                    .unwrap_or_default(),
                is_private_allowed: from
                    .read("PRIVATE_TARGETS", parse::private_targets)
                    .unwrap_or(false),
                blocklist: from.read("TARGET_BLOCKLIST", text).map(Into::into),
            },
            dns_resolver: from.read("DNS_RESOLVER", parse::socket_address),
            log: Log {
                level: from
                    .read("LOG_LEVEL", parse::log_level)
                    .unwrap_or_else(|| "info".into()),
                format: from
                    .read("LOG_FORMAT", parse::log_format)
                    .unwrap_or(environment.log_format()),
            },
            otlp_endpoint: from.read("OTEL_EXPORTER_OTLP_ENDPOINT", parse::web_url),
        };
        from.finish().map(|()| config)
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "has the shape of the other parsers"
)]
fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

fn seconds<F: Fn(&str) -> Option<String>>(
    from: &mut Reader<F>,
    name: &'static str,
    max: u32,
    default: u32,
) -> Duration {
    let seconds = from.read(name, parse::number(1..=max)).unwrap_or(default);
    Duration::from_secs(u64::from(seconds))
}

fn s3<F: Fn(&str) -> Option<String>>(from: &mut Reader<F>) -> Option<S3> {
    let endpoint = from.read("S3_ENDPOINT", parse::web_url);
    let region = from
        .read("S3_REGION", text)
        .unwrap_or_else(|| "us-east-1".to_owned());
    let bucket = from
        .read("S3_BUCKET", text)
        .unwrap_or_else(|| "millrace".to_owned());
    let access_key_id = from.read("S3_ACCESS_KEY_ID", text);
    let secret_access_key = from.read("S3_SECRET_ACCESS_KEY", |text| Ok(Secret::new(text)));
    let has_endpoint = from.is_set("S3_ENDPOINT");
    for (name, is_given) in [
        ("S3_ACCESS_KEY_ID", access_key_id.is_some()),
        ("S3_SECRET_ACCESS_KEY", secret_access_key.is_some()),
    ] {
        if has_endpoint && !is_given {
            from.fault(name, "is not set, and S3_ENDPOINT is");
        }
        if !has_endpoint && is_given {
            from.fault(name, "is set, but S3_ENDPOINT is not");
        }
    }
    Some(S3 {
        endpoint: endpoint?,
        region,
        bucket,
        access_key_id: access_key_id?,
        secret_access_key: secret_access_key?,
    })
}
