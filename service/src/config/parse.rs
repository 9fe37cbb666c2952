//! How each kind of setting is read; the answers say what would be right and never quote a secret.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;

use ipnet::IpNet;
use url::Url;

use super::{Environment, LogFormat, Secret};
use crate::keys::DataKey;
use crate::limits::Limits;

/// Shorter secrets can be guessed offline from one token (RFC 7518 §3.2 asks for the hash's size).
pub const JWT_SECRET_CHARACTERS_MIN: usize = 32;

pub(super) fn environment(text: &str) -> Result<Environment, String> {
    match text {
        "development" => Ok(Environment::Development),
        "staging" => Ok(Environment::Staging),
        "production" => Ok(Environment::Production),
        other => Err(format!(
            "is `{other}`; it may be development, staging or production"
        )),
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "json" => Ok(LogFormat::Json),
        "text" => Ok(LogFormat::Text),
        other => Err(format!("is `{other}`; it may be json or text")),
    }
}

pub(super) fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("is `{text}`; it must be an address and a port, such as 9.9.9.9:53"))
}

pub(super) fn log_level(text: &str) -> Result<String, String> {
    tracing_subscriber::EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|error| format!("is no level or list of directives: {error}"))
}

pub(super) fn number<T>(range: RangeInclusive<T>) -> impl FnOnce(&str) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    move |text| {
        text.parse()
            .ok()
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                format!(
                    "is `{text}`; it must be a whole number, {} to {}",
                    range.start(),
                    range.end()
                )
            })
    }
}

pub(super) fn web_url(text: &str) -> Result<Url, String> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| "must be an address that begins with http:// or https://".to_owned())
}

pub(super) fn nats_url(text: &str) -> Result<Secret, String> {
    let is_good = text.split(',').all(|server| {
        Url::parse(server.trim()).is_ok_and(|url| {
            matches!(url.scheme(), "nats" | "tls" | "ws" | "wss") && url.has_host()
        })
    });
    is_good.then(|| Secret::new(text)).ok_or_else(|| {
        "must be an address such as nats://host:4222, or several comma-separated".to_owned()
    })
}

pub(super) fn database_url(text: &str) -> Result<Secret, String> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "postgres" | "postgresql"))
        .map(|_| Secret::new(text))
        .ok_or_else(|| "must be an address such as postgres://user@host/database".to_owned())
}

pub(super) fn jwt_secret(text: &str) -> Result<Secret, String> {
    let characters = text.chars().count();
    if characters < JWT_SECRET_CHARACTERS_MIN {
        return Err(format!(
            "has {characters} characters; it needs at least {JWT_SECRET_CHARACTERS_MIN}"
        ));
    }
    Ok(Secret::new(text))
}

pub(super) fn data_key(text: &str) -> Result<DataKey, String> {
    DataKey::parse(text).map_err(|error| error.to_string())
}

pub(super) fn rate_limits(text: &str) -> Result<Limits, String> {
    Limits::parse(text).map_err(|error| error.to_string())
}

/// Schemes whose addresses do something in the browser itself, or show what is on the visitor's own machine.
const SCHEMES_REFUSED: [&str; 8] = [
    "javascript",
    "vbscript",
    "data",
    "file",
    "filesystem",
    "blob",
    "about",
    "view-source",
];

pub(super) fn target_schemes(text: &str) -> Result<Vec<String>, String> {
    let parts = text.split(',').map(str::trim);
    parts.filter(|part| !part.is_empty()).map(scheme).collect()
}

fn scheme(text: &str) -> Result<String, String> {
    let scheme = text.to_ascii_lowercase();
    if SCHEMES_REFUSED.contains(&scheme.as_str()) {
        return Err(format!("names `{text}`; no link may ever lead there"));
    }
    // RFC 3986, section 3.1.
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    is_scheme.then_some(scheme).ok_or_else(|| {
        format!("names `{text}`; each part must be a scheme without its colon, such as mailto")
    })
}

pub(super) fn private_targets(text: &str) -> Result<bool, String> {
    match text {
        "allow" => Ok(true),
        "refuse" => Ok(false),
        other => Err(format!("is `{other}`; it may be refuse or allow")),
    }
}

pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(network)
        .collect()
}

fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| address()).map_err(|_| {
        format!("names `{text}`; each part must be an address or a CIDR such as 10.0.0.0/8")
    })
}
