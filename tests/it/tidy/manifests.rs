//! Which crate may know which.

use std::collections::BTreeMap;

use anyhow::Context;
use toml::{Table, Value};

use super::tree::{self, File, none, root};

/// What `events` may depend on: no runtime, no driver, nothing that does IO.
const PURE: [&str; 7] = [
    "base64",
    "schemars",
    "serde",
    "serde_json",
    "thiserror",
    "time",
    "uuid",
];
/// Drivers, and the crates that may bring them to a user of Millrace.
const DRIVERS: [(&str, &[&str]); 2] = [
    // The example of a consumer is what others write, who have no crate of ours.
    ("async-nats", &["nats", "consumer"]),
    ("sqlx", &["projectors", "query-api"]),
];
/// Crates of this workspace, and those that each may depend on.
const NEIGHBOURS: [(&str, &[&str]); 11] = [
    (
        "bench",
        &[
            "command-api",
            "events",
            "millrace",
            "nats",
            "query-api",
            "servers",
            "service",
        ],
    ),
    ("command-api", &["events", "nats", "service"]),
    ("events", &[]),
    ("examples/rust", &[]),
    (
        "millrace",
        &[
            "command-api",
            "events",
            "nats",
            "projectors",
            "query-api",
            "servers",
            "service",
        ],
    ),
    ("nats", &["events"]),
    ("projectors", &["events", "nats", "service"]),
    ("query-api", &["events", "nats", "service"]),
    ("servers", &[]),
    ("service", &["events", "nats"]),
    ("tests", &[]),
];
/// Processes: not even the tests of one may use another.
const PROCESSES: [&str; 3] = ["command-api", "projectors", "query-api"];

/// What a crate's manifest says, as far as it matters.
struct Manifest {
    name: String,
    normal: Vec<String>,
    for_tests: Vec<String>,
    takes_lints: bool,
}

impl Manifest {
    fn read(text: &str) -> anyhow::Result<Self> {
        let table: Table = text.parse()?;
        let keys = |section: &str| {
            let found = table.get(section).and_then(Value::as_table);
            found.map_or(Vec::new(), |table| table.keys().cloned().collect())
        };
        let name = table.get("package").and_then(|it| it.get("name"));
        let lints = table.get("lints").and_then(|it| it.get("workspace"));
        let mut normal = keys("dependencies");
        normal.extend(keys("build-dependencies"));
        Ok(Self {
            name: name.and_then(Value::as_str).context("no name")?.to_owned(),
            normal,
            for_tests: keys("dev-dependencies"),
            takes_lints: lints.and_then(Value::as_bool) == Some(true),
        })
    }

    fn faults(&self, neighbours: &BTreeMap<&str, &[&str]>) -> Vec<String> {
        let name = self.name.as_str();
        let mut faults = Vec::new();
        let allowed = neighbours.get(name).copied().unwrap_or_default();
        for other in &self.normal {
            let other = other.as_str();
            let is_of_ours = neighbours.contains_key(other);
            if is_of_ours && !allowed.contains(&other) {
                faults.push(format!("{name} depends on {other}"));
            }
            if name == "events" && !PURE.contains(&other) {
                faults.push(format!(
                    "events depends on {other}, which it was not to know"
                ));
            }
            for (driver, owners) in DRIVERS {
                if other == driver && !owners.contains(&name) {
                    faults.push(format!("{name} depends on the driver {driver}"));
                }
            }
        }
        for other in &self.for_tests {
            let is_process = |it: &str| PROCESSES.contains(&it);
            if is_process(name) && is_process(other) {
                faults.push(format!("the tests of {name} use {other}"));
            }
        }
        if !self.takes_lints {
            faults.push(format!("{name} does not take the workspace's lints"));
        }
        faults
    }
}

fn faults(manifest: &File) -> Vec<String> {
    match Manifest::read(&manifest.text) {
        Ok(manifest) => manifest.faults(&BTreeMap::from(NEIGHBOURS)),
        Err(error) => vec![error.to_string()],
    }
}

/// The manifests of the workspace's members.
fn members() -> anyhow::Result<Vec<File>> {
    let workspace: Table = tree::file("Cargo.toml")?.text.parse()?;
    let members = workspace.get("workspace").and_then(|it| it.get("members"));
    let members = members.and_then(Value::as_array).context("no members")?;
    let paths = members.iter().filter_map(Value::as_str);
    paths
        .map(|it| tree::file(&format!("{it}/Cargo.toml")))
        .collect()
}

#[test]
fn no_crate_depends_on_one_that_it_should_not_know() -> anyhow::Result<()> {
    tree::hold(&members()?, faults)
}

#[test]
fn every_crate_has_its_neighbours_named_here() -> anyhow::Result<()> {
    let known = BTreeMap::from(NEIGHBOURS);
    let unknown = members()?.into_iter().filter_map(|file| {
        let name = file.path.trim_end_matches("/Cargo.toml").to_owned();
        (!known.contains_key(name.as_str())).then_some(name)
    });
    none(&unknown.collect::<Vec<_>>())?;
    let gone = NEIGHBOURS.iter().filter(|it| !root().join(it.0).is_dir());
    let gone: Vec<_> = gone.map(|it| format!("{} is gone", it.0)).collect();
    none(&gone)
}

#[test]
fn a_manifest_with_a_forbidden_dependency_is_refused() {
    let lints = "[lints]\nworkspace = true";
    for (manifest, fault) in [
        (
            "[package]\nname = \"events\"\n[dependencies]\ntokio = \"1\"",
            "depends on tokio",
        ),
        (
            "[package]\nname = \"events\"\n[dependencies]\nnats = {}",
            "depends on nats",
        ),
        (
            "[package]\nname = \"service\"\n[dependencies]\nasync-nats = \"1\"",
            "the driver async-nats",
        ),
        (
            "[package]\nname = \"command-api\"\n[dependencies]\nsqlx.workspace = true",
            "the driver sqlx",
        ),
        (
            "[package]\nname = \"projectors\"\n[dependencies]\nquery-api.workspace = true",
            "depends on query-api",
        ),
        (
            "[package]\nname = \"query-api\"\n[dev-dependencies]\nprojectors.workspace = true",
            "the tests of query-api",
        ),
    ] {
        let found = faults(&File::sample("Cargo.toml", &format!("{manifest}\n{lints}")));
        assert!(
            found.iter().any(|it| it.contains(fault)),
            "{manifest}: {found:?}"
        );
    }
    let bare = File::sample("Cargo.toml", "[package]\nname = \"nats\"");
    assert_eq!(faults(&bare), ["nats does not take the workspace's lints"]);
    let good = format!("[package]\nname = \"nats\"\n[dependencies]\nasync-nats = \"1\"\n{lints}");
    assert!(faults(&File::sample("Cargo.toml", &good)).is_empty());
}
