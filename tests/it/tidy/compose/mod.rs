//! compose.yaml, held against the settings, the command line and the files it names; no Docker is needed for it.

mod gateway;
mod image;

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use clap::Parser;
use millrace::apart;
use millrace::cli::{Cli, Command};
use millrace::system::Processes;
use serde_json::{Map, Value};
use service::config::{COMMAND_API_PORT, Config, PROJECTORS_PORT, QUERY_API_PORT, SETTINGS};
use url::Url;

use super::tree::{file, none, root};

const SERVERS: [&str; 3] = ["nats", "postgres", "storage"];
const GATEWAY: &str = "gateway";
/// A process, its port, whether clients come to it, and what of the system it is.
const PROCESSES: [(&str, u16, bool, Processes); 3] = [
    (
        "command-api",
        COMMAND_API_PORT,
        true,
        only(true, false, false),
    ),
    (
        "projectors",
        PROJECTORS_PORT,
        false,
        only(false, true, false),
    ),
    ("query-api", QUERY_API_PORT, true, only(false, false, true)),
];
/// What only those processes are given that do not start without it.
const SECRETS: [&str; 5] = [
    "DATABASE_URL",
    "DATA_KEY",
    "JWT_SECRET",
    "S3_ACCESS_KEY_ID",
    "S3_SECRET_ACCESS_KEY",
];
/// What the compose specification knows of a service, as far as it is used here.
const KEYS: [&str; 15] = [
    "build",
    "cap_drop",
    "command",
    "depends_on",
    "environment",
    "healthcheck",
    "image",
    "networks",
    "ports",
    "read_only",
    "restart",
    "security_opt",
    "stop_grace_period",
    "user",
    "volumes",
];

const fn only(command_api: bool, projectors: bool, query_api: bool) -> Processes {
    Processes {
        command_api,
        projectors,
        query_api,
    }
}

/// What would be in `.env`: a value of the right shape for each name of `.env.example`.
fn secrets(example: &str) -> BTreeMap<&str, &'static str> {
    let names = example.lines().filter_map(|line| line.split_once('='));
    let names = names.filter(|(name, _)| !name.starts_with('#'));
    names
        .map(|(name, _)| match name {
            "DATA_KEY" => (name, "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU="),
            "PUBLIC_URL" => (name, "http://localhost:8080"),
            _ => (name, "0123456789abcdef0123456789abcdef"),
        })
        .collect()
}

/// Fills in `${NAME:?…}` and `${NAME:-…}`, as compose does.
fn filled(text: &str, secrets: &BTreeMap<&str, &str>) -> anyhow::Result<String> {
    let mut pieces = text.split("${");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (expression, after) = piece.split_once('}').context("an open ${")?;
        let (name, _) = expression.split_once(':').context("no : in ${…}")?;
        let value = secrets.get(name);
        filled.push_str(value.with_context(|| format!("{name} is not in .env.example"))?);
        filled.push_str(after);
    }
    Ok(filled)
}

fn object<'v>(value: &'v Value, key: &str) -> anyhow::Result<&'v Map<String, Value>> {
    let found = value.get(key).and_then(Value::as_object);
    found.with_context(|| format!("no mapping {key}"))
}

fn texts(value: &Value, key: &str) -> Vec<String> {
    let found = value.get(key).and_then(Value::as_array);
    let texts = found.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

fn ensure_has(value: &Value, key: &str, expected: &str) -> anyhow::Result<()> {
    let found = texts(value, key);
    ensure!(
        found.iter().any(|it| it == expected),
        "no {expected} in {key}: {found:?}"
    );
    Ok(())
}

/// What is true of every service.
fn check_service(all: &Value, service: &Value) -> anyhow::Result<()> {
    for key in service.as_object().context("no mapping")?.keys() {
        ensure!(KEYS.contains(&key.as_str()), "{key} is no key of a service");
    }
    ensure!(service.get("user") != Some(&"root".into()), "runs as root");
    ensure_has(service, "security_opt", "no-new-privileges:true")?;
    if service.get("build").is_none() {
        let image = service.get("image").and_then(Value::as_str);
        check_image(image.context("neither an image nor a build")?)?;
    }
    for volume in texts(service, "volumes") {
        let source = volume.split(':').next().unwrap_or_default();
        let is_there = match source.strip_prefix("./") {
            Some(path) => root().join(path).is_file(),
            None => object(all, "volumes")?.contains_key(source),
        };
        ensure!(is_there, "the volume {source} is nowhere");
    }
    let services = object(all, "services")?;
    for (other, condition) in service
        .get("depends_on")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let other = services
            .get(other)
            .with_context(|| format!("no service {other}"))?;
        let is_healthy = condition.get("condition") == Some(&"service_healthy".into());
        let has_check = other.get("healthcheck").is_some();
        ensure!(is_healthy && has_check, "depends on what nobody checks");
    }
    Ok(())
}

/// A version, and not whatever is newest.
fn check_image(image: &str) -> anyhow::Result<()> {
    let tag = image.rsplit('/').next().and_then(|it| it.split_once(':'));
    let (_, tag) = tag.with_context(|| format!("{image} has no tag"))?;
    let version = tag.trim_start_matches('v');
    ensure!(
        version.starts_with(|it: char| it.is_ascii_digit()),
        "{image} is not pinned"
    );
    Ok(())
}

/// What is true of a process of Millrace besides.
fn check_process(
    all: &Value,
    (name, port, is_public, processes): (&str, u16, bool, Processes),
    secrets: &BTreeMap<&str, &str>,
) -> anyhow::Result<()> {
    let service = object(all, "services")?.get(name).context("is missing")?;
    check_command(service, name)?;
    check_health(service, port)?;
    let published = texts(service, "ports");
    let expected = is_public.then(|| format!("127.0.0.1:{port}:{port}"));
    ensure!(
        published == Vec::from_iter(expected),
        "publishes {published:?}"
    );
    ensure_has(service, "cap_drop", "ALL")?;
    ensure!(
        service.get("read_only") == Some(&true.into()),
        "may write its image"
    );

    let mut settings = BTreeMap::new();
    for (name, value) in object(service, "environment")? {
        let is_known = SETTINGS.iter().any(|setting| setting.name == name);
        ensure!(is_known, "{name} is no setting");
        let value = value
            .as_str()
            .with_context(|| format!("{name} is no text"))?;
        settings.insert(name.clone(), filled(value, secrets)?);
    }
    let config = Config::read(|name| settings.get(name).cloned())?;
    ensure!(config.port.is_none_or(|it| it == port), "listens elsewhere");
    if processes.command_api {
        // What waits for the broker must outlive the container.
        let folder = config.data_dir.display();
        let is_kept = texts(service, "volumes")
            .iter()
            .any(|it| it.ends_with(&format!(":{folder}")));
        ensure!(is_kept, "no volume at {folder}");
    }
    apart::blueprint(config, processes)?;
    for given in settings.keys().filter(|it| SECRETS.contains(&it.as_str())) {
        let others = |name: &str| settings.get(name).filter(|_| name != given).cloned();
        let without = Config::read(others).ok();
        let does = without.is_some_and(|config| apart::blueprint(config, processes).is_ok());
        ensure!(!does, "{given} is more than it needs");
    }
    for name in ["NATS_URL", "DATABASE_URL", "S3_ENDPOINT"] {
        if let Some(url) = settings.get(name) {
            check_address(all, &url.parse()?).with_context(|| name.to_owned())?;
        }
    }
    if let Some(url) = settings.get("DATABASE_URL") {
        check_login(&url.parse()?, name)?;
    }
    Ok(())
}

fn check_command(service: &Value, name: &str) -> anyhow::Result<()> {
    let command = texts(service, "command");
    let cli = Cli::try_parse_from(["millrace".to_owned()].into_iter().chain(command))?;
    let is_its = match cli.command {
        Some(Command::CommandApi) => name == "command-api",
        Some(Command::Projectors) => name == "projectors",
        Some(Command::QueryApi) => name == "query-api",
        Some(_) | None => false,
    };
    ensure!(is_its, "runs {:?}", cli.command);
    Ok(())
}

fn check_health(service: &Value, expected: u16) -> anyhow::Result<()> {
    let check = service.get("healthcheck").context("no health check")?;
    let words = texts(check, "test");
    ensure!(words.first().is_some_and(|it| it == "CMD"), "{words:?}");
    match Cli::try_parse_from(words.iter().skip(1))?.command {
        Some(Command::Probe { port }) if port == expected => Ok(()),
        other => bail!("its health check is {other:?}"),
    }
}

/// Each process logs in to Postgres as itself, and none as its superuser.
fn check_login(url: &Url, process: &str) -> anyhow::Result<()> {
    let login = process.replace('-', "_");
    ensure!(url.username() == login, "logs in as {}", url.username());
    let script = file("compose/postgres.sql")?.text;
    let made = format!("create role {login} login password :'{login}_password'");
    ensure!(script.contains(&made), "nobody makes the login {login}");
    Ok(())
}

/// An address among the containers: a service, or an alias of one, and the port it listens on.
fn check_address(all: &Value, url: &Url) -> anyhow::Result<()> {
    let host = url.host_str().context("no host")?;
    let (port, name) = match host {
        "nats" => (4222, "nats"),
        "postgres" => (5432, "postgres"),
        _ => (8333, "storage"),
    };
    let service = object(all, "services")?
        .get(name)
        .context("no such service")?;
    ensure!(url.port() == Some(port), "{url} is not port {port}");
    if name == "storage" {
        let networks = service.get("networks").and_then(|it| it.get("default"));
        ensure_has(networks.context("no network")?, "aliases", host)?;
        ensure_has(service, "command", &format!("-s3.port={port}"))?;
    }
    Ok(())
}

/// All that is wrong with a compose file.
fn faults(compose: &str, example: &str) -> Vec<String> {
    let all: Value = match serde_saphyr::from_str(compose) {
        Ok(all) => all,
        Err(error) => return vec![error.to_string()],
    };
    let Some(services) = all.get("services").and_then(Value::as_object) else {
        return vec!["no services".to_owned()];
    };
    let mut faults = Vec::new();
    let mut tell = |name: &str, done: anyhow::Result<()>| {
        faults.extend(done.err().map(|error| format!("{name}: {error:#}")));
    };
    for (name, service) in services {
        tell(name, check_service(&all, service));
        let is_known = PROCESSES.iter().any(|it| it.0 == name)
            || SERVERS.contains(&name.as_str())
            || name == GATEWAY;
        tell(name, is_known.then_some(()).context("nobody knows it"));
    }
    for server in SERVERS {
        let check = services.get(server).and_then(|it| it.get("healthcheck"));
        tell(server, check.map(|_| ()).context("no health check"));
    }
    let secrets = secrets(example);
    for process in PROCESSES {
        tell(process.0, check_process(&all, process, &secrets));
    }
    faults
}

#[test]
fn compose_starts_each_process_with_what_it_needs() -> anyhow::Result<()> {
    none(&faults(
        &file("compose.yaml")?.text,
        &file(".env.example")?.text,
    ))
}

#[test]
fn a_compose_file_with_a_fault_is_refused() -> anyhow::Result<()> {
    let (good, example) = (file("compose.yaml")?.text, file(".env.example")?.text);
    for (from, to) in [
        ("JWT_SECRET: ", "JWT_SECRETS: "),
        ("  DATA_KEY: ${DATA_KEY:?see .env.example}\n", "\n"),
        ("DATA_KEY: ${DATA_KEY:?", "DATA_KEY: ${THE_KEY:?"),
        (
            "/millrace\n      JWT_SECRET:",
            "/millrace\n      DATA_KEY: ${DATA_KEY:?see .env.example}\n      JWT_SECRET:",
        ),
        ("PUBLIC_URL: ${", "PUBLIC_URL: shttp:${"),
        ("postgres://query_api:", "postgres://postgres:"),
        ("postgres://query_api:", "postgres://projectors:"),
        ("./compose/postgres.sql", "./compose/logins.sql"),
        ("@postgres:5432/", "@postgres:5433/"),
        ("\"probe\", \"8083\"", "\"probe\", \"8082\""),
        ("\"127.0.0.1:8081:8081\"", "\"8081:8081\""),
        ("command: [\"projectors\"]", "command: [\"projector\"]"),
        ("command: [\"query-api\"]", "command: [\"up\"]"),
        ("postgres:18-alpine", "postgres:latest"),
        ("nats:2.15-alpine", "nats"),
        ("./nats/nats-server.conf", "./nats/server.conf"),
        ("  storage:\n    image", "  store:\n    image"),
        ("storage.localhost\"]", "storage\"]"),
        ("healthcheck:", "health_check:"),
        ("cap_drop: [ALL]", "cap_drop: []"),
        ("no-new-privileges:true", "no-new-privileges:false"),
        ("volumes:\n  nats:\n", "volumes:\n"),
        ("clicks:/data", "clicks:/clicks"),
    ] {
        let bad = good.replace(from, to);
        ensure!(bad != good, "{from} is not in the file");
        ensure!(!faults(&bad, &example).is_empty(), "{to} passes");
    }
    Ok(())
}
