//! Every setting by name: what the README's table and the compose file are checked against.

/// One environment variable that Millrace reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// The variable.
    pub name: &'static str,
    /// What an unset or empty variable stands for; `None` when nothing does.
    pub default: Option<&'static str>,
    /// What it means, in one line.
    pub about: &'static str,
}

/// All settings, in the order in which they are documented.
pub const SETTINGS: &[Setting] = &[
    setting(
        "APP_ENV",
        Some("development"),
        "`development`, `staging` or `production`",
    ),
    setting(
        "APP_PORT",
        None,
        "port to listen on; 8080, or 8081/8082/8083 for a process apart",
    ),
    setting(
        "PUBLIC_URL",
        None,
        "address that people reach it at, and that short links are made of; needed apart and outside development",
    ),
    setting(
        "MILLRACE_DATA",
        Some(".millrace"),
        "folder of the private servers' data, of the keys, and of clicks that wait for the broker",
    ),
    setting(
        "SPOOL_BYTES_MAX",
        Some("1073741824"),
        "most bytes of clicks that wait for the broker, at least 1048576; what comes when they are full is dropped",
    ),
    setting(
        "NATS_URL",
        None,
        "broker, several servers comma-separated; a private one if unset",
    ),
    setting(
        "DATABASE_URL",
        None,
        "Postgres 15 or newer; a private one if unset",
    ),
    setting(
        "DATABASE_POOL_SIZE",
        Some("20"),
        "most connections that query-api opens, at least 3; projectors open one per projection besides",
    ),
    setting(
        "DATABASE_TIMEOUT",
        Some("30"),
        "seconds that a statement or a free connection may take",
    ),
    setting(
        "JWT_SECRET",
        None,
        "signs access tokens, at least 32 characters",
    ),
    setting(
        "JWT_EXPIRATION",
        Some("3600"),
        "seconds that an access token is good for",
    ),
    setting(
        "DATA_KEY",
        None,
        "base64 of the 32 bytes that wrap every user's key; of several, comma-separated, the first wraps and all are read",
    ),
    setting(
        "S3_ENDPOINT",
        None,
        "object storage; a private one if unset",
    ),
    setting("S3_REGION", Some("us-east-1"), "region of the bucket"),
    setting("S3_BUCKET", Some("millrace"), "bucket of the assets"),
    setting(
        "S3_ACCESS_KEY_ID",
        None,
        "key id, needed with `S3_ENDPOINT`",
    ),
    setting(
        "S3_SECRET_ACCESS_KEY",
        None,
        "secret key, needed with `S3_ENDPOINT`",
    ),
    setting(
        "CDN_URL",
        None,
        "address that public assets are served from; not used yet",
    ),
    setting(
        "TRUSTED_PROXIES",
        None,
        "CIDRs whose forwarding headers are believed, comma-separated",
    ),
    setting(
        "GEOIP_DATABASE",
        None,
        "file of the MaxMind DB format that tells visitors' countries, and cities if it knows them; read at the start",
    ),
    setting(
        "RATE_LIMITS",
        Some(
            "login-address=60/60,login-account=10/60,\
             registration-address=20/60,registration-account=5/60,\
             refresh-address=120/60,refresh-account=30/60,\
             link-password-address=10/60,link-password-link=60/60,\
             membership-account=60/60,creation-workspace=6000/60,report-workspace=600000/60,verification-workspace=30/60,\
             exclusion-workspace=10/60",
        ),
        "logins, registrations and refreshes by client address and by account, tries of links' passwords by client address and by link, memberships given or taken by account, and new links (a new password of one counts as a link) by workspace, each as so often in so many seconds; `off`, or what differs from the default",
    ),
    setting(
        "LINK_CACHE_MAX",
        Some("100000"),
        "links that each command-api keeps in memory for the redirect, some 500 bytes each",
    ),
    setting(
        "CLICK_RETENTION_DAYS",
        None,
        "days that raw clicks are kept, by whole months; counts stay for ever, and clicks too if unset",
    ),
    setting(
        "TARGET_SCHEMES",
        None,
        "schemes besides http and https that links may lead to, comma-separated, such as `mailto,tel,myapp`",
    ),
    setting(
        "PRIVATE_TARGETS",
        Some("refuse"),
        "`allow` lets links lead to private and local addresses",
    ),
    setting(
        "TARGET_BLOCKLIST",
        None,
        "file of domains that no link may lead to, one a line, each with all below it; read at the start",
    ),
    setting(
        "DNS_RESOLVER",
        None,
        "address and port of the resolver that is asked for records of domains, such as `9.9.9.9:53`; those of the machine if unset",
    ),
    setting(
        "LOG_LEVEL",
        Some("info"),
        "level, or directives such as `info,nats=debug`",
    ),
    setting(
        "LOG_FORMAT",
        None,
        "`json` (stdout) or `text` (stderr); `text` in development, else `json`",
    ),
    setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        None,
        "OTLP/HTTP collector; traces are off if unset",
    ),
];

const fn setting(
    name: &'static str,
    default: Option<&'static str>,
    about: &'static str,
) -> Setting {
    Setting {
        name,
        default,
        about,
    }
}
