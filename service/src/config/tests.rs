//! The settings seen from outside.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::*;

const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const LONG_SECRET: &str = "a-secret-of-more-than-32-characters";

fn read(settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::read(|name| {
        settings
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn an_empty_environment_is_a_good_development_setup() {
    let config = read(&[]).unwrap();
    assert_eq!(config.environment, Environment::Development);
    assert_eq!(config.port, None);
    assert_eq!(config.database_timeout, Duration::from_secs(30));
    assert!(config.jwt_secret.is_none() && config.data_key.is_none() && config.s3.is_none());
}

#[test]
fn all_faults_are_reported_at_once() {
    let error = read(&[
        ("APP_ENV", "prod"),
        ("APP_PORT", "80800"),
        ("NATS_URL", "localhost"),
        ("DATABASE_URL", "mysql://root@db"),
        ("DATABASE_POOL_SIZE", "0"),
        ("JWT_SECRET", "short"),
        ("DATA_KEY", "c2hvcnQ="),
        ("S3_ENDPOINT", "ftp://files"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,nonsense"),
        ("RATE_LIMITS", "login=1/1"),
        ("TARGET_SCHEMES", "mailto,JavaScript"),
        ("PRIVATE_TARGETS", "yes"),
        ("LOG_FORMAT", "xml"),
    ])
    .unwrap_err();
    let faulty: BTreeSet<_> = error.settings().collect();
    let expected = [
        "APP_ENV",
        "APP_PORT",
        "NATS_URL",
        "DATABASE_URL",
        "DATABASE_POOL_SIZE",
        "JWT_SECRET",
        "DATA_KEY",
        "S3_ENDPOINT",
        "S3_ACCESS_KEY_ID",
        "S3_SECRET_ACCESS_KEY",
        "TRUSTED_PROXIES",
        "RATE_LIMITS",
        "TARGET_SCHEMES",
        "PRIVATE_TARGETS",
        "LOG_FORMAT",
    ];
    assert_eq!(faulty, BTreeSet::from(expected));
}

#[test]
fn secrets_are_never_printed_whether_good_or_bad() {
    let bad = read(&[
        ("JWT_SECRET", "tiny-hunter2"),
        ("DATA_KEY", "hunter2"),
        ("DATABASE_URL", "mysql://root:hunter2@db"),
        ("NATS_URL", "http://user:hunter2@broker"),
    ])
    .unwrap_err();
    assert!(!format!("{bad} {bad:?}").contains("hunter2"));

    let jwt = format!("hunter2{LONG_SECRET}");
    let good = read(&[
        ("JWT_SECRET", jwt.as_str()),
        ("DATA_KEY", KEY),
        ("DATABASE_URL", "postgres://root:hunter2@db/millrace"),
        ("S3_ENDPOINT", "http://localhost:8333"),
        ("S3_ACCESS_KEY_ID", "id"),
        ("S3_SECRET_ACCESS_KEY", "hunter2"),
    ])
    .unwrap();
    let printed = format!("{good:?}");
    assert!(
        !printed.contains("hunter2") && !printed.contains(KEY),
        "{printed}"
    );
}

#[test]
fn what_a_process_must_be_given_is_its_own_to_say_in_production_too() {
    let config = read(&[("APP_ENV", "production")]).unwrap();
    assert!(config.jwt_secret.is_none() && config.data_key.is_none());
}

#[test]
fn a_short_jwt_secret_is_refused_in_development_too() {
    let error = read(&[("JWT_SECRET", "0123456789012345678901234567890")]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("JWT_SECRET has 31 characters; it needs at least 32")
    );
}

#[test]
fn an_empty_variable_counts_as_unset() {
    assert_eq!(
        read(&[("APP_PORT", ""), ("NATS_URL", "")]).unwrap().port,
        None
    );
}

#[test]
fn trusted_proxies_are_addresses_and_networks() {
    let config = read(&[("TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1,::1")]).unwrap();
    let networks: Vec<_> = config
        .trusted_proxies
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(networks, ["10.0.0.0/8", "127.0.0.1/32", "::1/128"]);
}

#[test]
fn links_may_lead_to_more_schemes_but_never_to_one_that_runs_in_the_page() {
    let config = read(&[("TARGET_SCHEMES", "mailto, TEL,web+app")]).unwrap();
    assert_eq!(config.targets.schemes, ["mailto", "tel", "web+app"]);
    for scheme in [
        "javascript",
        "Data",
        "vbscript",
        "FILE",
        "blob",
        "about",
        "tel:",
        "7",
    ] {
        let error = read(&[("TARGET_SCHEMES", scheme)]).unwrap_err();
        assert_eq!(error.settings().collect::<Vec<_>>(), ["TARGET_SCHEMES"]);
    }
}

#[test]
fn what_a_process_needs_is_asked_for_in_one_error() {
    let mut required = Required::default();
    assert_eq!(required.take("APP_PORT", Some(1)), Some(1));
    assert_eq!(required.take::<u8>("NATS_URL", None), None);
    assert_eq!(required.take::<u8>("DATABASE_URL", None), None);
    let error = required.finish().unwrap_err();
    assert_eq!(
        error.settings().collect::<Vec<_>>(),
        ["NATS_URL", "DATABASE_URL"]
    );
    Required::default().finish().unwrap();
}

#[test]
fn the_list_of_settings_names_exactly_what_is_read() {
    let asked = RefCell::new(BTreeSet::new());
    Config::read(|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    })
    .unwrap();
    let listed: BTreeSet<_> = SETTINGS
        .iter()
        .map(|setting| setting.name.to_owned())
        .collect();
    assert_eq!(asked.into_inner(), listed);
}

#[test]
fn each_default_that_is_listed_is_the_one_that_is_used() {
    let listed = Config::read(|name| {
        let setting = SETTINGS.iter().find(|setting| setting.name == name)?;
        setting.default.map(str::to_owned)
    });
    assert_eq!(
        format!("{:?}", listed.unwrap()),
        format!("{:?}", read(&[]).unwrap())
    );
}
