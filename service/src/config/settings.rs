//! Every setting by name: what the README's table and the compose file are checked against.

/// One environment variable that Millrace reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// The variable.
    pub name: &'static str,
    /// What an unset or empty variable stands for; `None` when nothing does.
    pub default: Option<&'static str>,
}

/// All settings, in the order in which they are documented.
pub const SETTINGS: &[Setting] = &[
    setting("APP_ENV", Some("development")),
    setting("APP_PORT", None),
    setting("PUBLIC_URL", None),
    setting("MILLRACE_DATA", Some(".millrace")),
    setting("SPOOL_BYTES_MAX", Some("1073741824")),
    setting("NATS_URL", None),
    setting("DATABASE_URL", None),
    setting("DATABASE_POOL_SIZE", Some("20")),
    setting("DATABASE_TIMEOUT", Some("30")),
    setting("JWT_SECRET", None),
    setting("JWT_EXPIRATION", Some("3600")),
    setting("DATA_KEY", None),
    setting("S3_ENDPOINT", None),
    setting("S3_REGION", Some("us-east-1")),
    setting("S3_BUCKET", Some("millrace")),
    setting("S3_ACCESS_KEY_ID", None),
    setting("S3_SECRET_ACCESS_KEY", None),
    setting("CDN_URL", None),
    setting("TRUSTED_PROXIES", None),
    setting("GEOIP_DATABASE", None),
    setting(
        "RATE_LIMITS",
        Some(
            "login-address=60/60,login-account=10/60,\
             registration-address=20/60,registration-account=5/60,\
             refresh-address=120/60,refresh-account=30/60,\
             link-password-address=10/60,link-password-link=60/60,\
             membership-account=60/60,email-account=5/60,api-key-account=30/60,\
             creation-workspace=6000/60,report-workspace=600000/60,verification-workspace=30/60,\
             exclusion-workspace=10/60",
        ),
    ),
    setting("LINK_CACHE_MAX", Some("100000")),
    setting("CLICK_RETENTION_DAYS", None),
    setting("TARGET_SCHEMES", None),
    setting("PRIVATE_TARGETS", Some("refuse")),
    setting("TARGET_BLOCKLIST", None),
    setting("DNS_RESOLVER", None),
    setting("LOG_LEVEL", Some("info")),
    setting("LOG_FORMAT", None),
    setting("OTEL_EXPORTER_OTLP_ENDPOINT", None),
];

const fn setting(name: &'static str, default: Option<&'static str>) -> Setting {
    Setting { name, default }
}
