//! Contexts meet in `events` and nowhere else; drivers are named by their owners only.

use super::tree::{CONTEXTS, File, files, hold, words};

/// Who may name a driver in its sources; tests of the whole may look anywhere, and examples stand for what others write.
const DRIVERS: [(&str, &[&str]); 2] = [
    ("async_nats", &["nats/", "tests/", "examples/"]),
    ("sqlx", &["projectors/", "query-api/", "tests/"]),
];

/// Names of another context's modules, in a file of one context.
fn strangers(file: &File) -> Vec<String> {
    let Some(own) = file.room().filter(|room| CONTEXTS.contains(room)) else {
        return Vec::new();
    };
    let mut faults = Vec::new();
    let mut is_in_group = false;
    for (line, code) in file.code() {
        // `use crate::{…}` may go over several lines.
        is_in_group |= code.contains("crate::{");
        for other in CONTEXTS.into_iter().filter(|context| *context != own) {
            let is_named = code.contains(&format!("crate::{other}"))
                || code.contains(&format!("super::{other}::"))
                || (is_in_group && words(code).any(|word| word == other));
            if is_named {
                faults.push(format!("{line}: {own} names {other}"));
            }
        }
        is_in_group &= !code.contains(';');
    }
    faults
}

fn drivers(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    for (driver, owners) in DRIVERS {
        if owners.iter().any(|owner| file.path.starts_with(owner)) {
            continue;
        }
        for (line, code) in file.code() {
            // Inside a text it is a log filter, or a name that is told.
            let code = code.split('"').step_by(2).collect::<Vec<_>>().join(" ");
            if words(&code).any(|word| word == driver) {
                faults.push(format!("{line}: names {driver}"));
            }
        }
    }
    faults
}

#[test]
fn no_context_names_another() -> anyhow::Result<()> {
    hold(&files(&[".rs"])?, strangers)
}

#[test]
fn a_driver_is_named_by_its_owners_only() -> anyhow::Result<()> {
    hold(&files(&[".rs"])?, drivers)
}

#[test]
fn every_process_has_a_room_for_every_context() -> anyhow::Result<()> {
    let all = files(&[".rs"])?;
    for crate_name in ["events", "command-api", "projectors", "query-api"] {
        for context in CONTEXTS {
            let folder = format!("{crate_name}/src/{context}/");
            let is_there = all.iter().any(|file| file.path.starts_with(&folder));
            anyhow::ensure!(is_there, "{folder} is empty or gone");
        }
    }
    Ok(())
}

#[test]
fn a_context_that_names_another_is_refused() {
    for text in [
        "use crate::core::Identities;",
        "use crate::{app::App, media::Storage};",
        "use crate::{\n    app::App,\n    core::{Hashing, Identities},\n};",
        "let it = super::super::media::Storage::new();",
    ] {
        let file = File::sample("command-api/src/links/http.rs", text);
        assert!(!strangers(&file).is_empty(), "{text}");
    }
    let good = "use crate::{app::App, links::Slug};\nuse events::core::Role; // crate::core";
    let file = File::sample("command-api/src/links/http.rs", good);
    assert_eq!(strangers(&file), Vec::<String>::new());
    let whole = File::sample("command-api/src/app.rs", "use crate::core::Identities;");
    assert_eq!(strangers(&whole), Vec::<String>::new());
}

#[test]
fn a_driver_in_a_strangers_source_is_refused() {
    let line = "use async_nats::Client;";
    assert!(!drivers(&File::sample("service/src/health.rs", line)).is_empty());
    assert!(drivers(&File::sample("nats/src/connect.rs", line)).is_empty());
    let query = "let rows = sqlx::query!(\"select 1\");";
    assert!(!drivers(&File::sample("command-api/src/app.rs", query)).is_empty());
    let filter = "let level = \"info,async_nats=warn\";";
    assert!(drivers(&File::sample("service/src/telemetry.rs", filter)).is_empty());
}
