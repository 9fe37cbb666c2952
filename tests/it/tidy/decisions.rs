//! Decisions are pure: what decides and evolves asks nobody and waits for nothing.

use super::tree::{CONTEXTS, File, files, hold, words};

/// What has no place where decisions are made: waiting, clocks, ids, chance, servers.
const OF_THE_WORLD: [&str; 13] = [
    "async",
    "await",
    "world",
    "tokio",
    "nats",
    "Broker",
    "sqlx",
    "service",
    "Instant",
    "SystemTime",
    "now",
    "now_v7",
    "rand",
];

fn faults(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    for (line, code) in file.code() {
        for word in words(code).filter(|word| OF_THE_WORLD.contains(word)) {
            faults.push(format!("{line}: {word} in a decision"));
        }
    }
    faults
}

/// The folders of aggregates: each has a state that evolves.
fn aggregates(all: &[File]) -> Vec<&str> {
    let with_state = all
        .iter()
        .filter(|file| file.text.contains("impl Aggregate for "));
    with_state
        .filter_map(|file| Some(file.path.rsplit_once('/')?.0))
        .collect()
}

#[test]
fn what_decides_and_evolves_touches_nothing() -> anyhow::Result<()> {
    let mut all = files(&[".rs"])?;
    all.retain(|file| file.path.starts_with("command-api/src/"));
    let folders = aggregates(&all);
    for context in CONTEXTS {
        let folder = format!("command-api/src/{context}/");
        anyhow::ensure!(
            folders.iter().any(|it| it.starts_with(&folder)),
            "no aggregate in {folder}, but in {folders:?}"
        );
    }
    let is_inside = |file: &&File| {
        let mut above = folders.iter();
        above.any(|folder| {
            file.path
                .strip_prefix(folder)
                .is_some_and(|it| it.starts_with('/'))
        })
    };
    let decisions: Vec<_> = all.iter().filter(is_inside).cloned().collect();
    hold(&decisions, faults)
}

#[test]
fn a_decision_is_made_in_the_folder_of_its_aggregate_only() -> anyhow::Result<()> {
    let mut all = files(&[".rs"])?;
    all.retain(|file| file.path.starts_with("command-api/src/"));
    let folders = aggregates(&all);
    hold(&all, |file| {
        let folder = file.path.rsplit_once('/').map_or("", |it| it.0);
        let decides = file.text.contains("impl Decide<");
        let is_astray = decides && !folders.contains(&folder);
        is_astray
            .then(|| "decides outside an aggregate's folder".to_owned())
            .into_iter()
            .collect()
    })
}

#[test]
fn a_decision_that_asks_the_world_is_refused() {
    for line in [
        "async fn decide() {}",
        "let at = world::now();",
        "use nats::Broker;",
        "let state = load().await;",
    ] {
        assert!(
            !faults(&File::sample("link/mod.rs", line)).is_empty(),
            "{line}"
        );
    }
    let good = "//! Never async.\nfn decide(&self) {} // the world is asked before";
    assert!(faults(&File::sample("link/mod.rs", good)).is_empty());
}
