//! What the documents point at is there, and decisions have their parts.

use std::collections::BTreeSet;

use super::tree::{files, hold, none, root};

/// Documents that lead a reader through the tree.
const MAPS: [&str; 3] = ["ARCHITECTURE.md", "README.md", "CONTRIBUTING.md"];
/// Folders that appear when Millrace is built or run.
const MADE: [&str; 3] = [".millrace", ".tools", "target"];
/// Names of what the guides let a reader add.
const IMAGINED: [&str; 2] = ["link/pin.rs", "link_health."];

/// What stands in backticks and reads like a path of this repository.
fn paths<'t>(markdown: &'t str, rooms: &BTreeSet<String>) -> Vec<&'t str> {
    // Every second piece between backticks is inside them; a fence is three of them, so the count stays even.
    let inside = markdown
        .lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2));
    let is_path = |text: &&str| {
        let is_plain = |it: char| it.is_ascii_alphanumeric() || "./_-".contains(it);
        let room = text.split('/').next().unwrap_or_default();
        let is_rooted = rooms.contains(room) && !MADE.contains(&room);
        let is_source = [".rs", ".sql", ".toml", ".md", ".yaml", ".json"]
            .iter()
            .any(|ending| text.ends_with(ending));
        text.contains('/')
            && !text.starts_with('/')
            && text.chars().all(is_plain)
            && (is_rooted || is_source)
    };
    inside.filter(is_path).collect()
}

fn is_imagined(path: &str) -> bool {
    IMAGINED.iter().any(|name| path.contains(name))
}

/// Where the links of a document lead, if not elsewhere in the world or in itself.
fn links(markdown: &str) -> Vec<&str> {
    let targets = markdown.split("](").skip(1);
    let targets = targets.filter_map(|rest| rest.split(')').next());
    let targets = targets.map(|it| it.split('#').next().unwrap_or_default());
    targets
        .filter(|it| !it.is_empty() && !it.contains("://"))
        .collect()
}

fn decision_faults(text: &str) -> Vec<String> {
    let mut rest = text;
    let mut faults = Vec::new();
    for heading in [
        "# ",
        "Date: ",
        "## Status",
        "## Context",
        "## Decision",
        "## Consequences",
    ] {
        match rest.split_once(&format!("\n{heading}")) {
            Some((_, after)) => rest = after,
            None if text.starts_with(heading) => {}
            None => faults.push(format!("no {heading:?}, or not in its place")),
        }
    }
    faults
}

/// The names in the root folder.
fn rooms() -> anyhow::Result<BTreeSet<String>> {
    let entries = root().read_dir()?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names.collect()
}

#[test]
fn every_path_in_the_maps_leads_somewhere() -> anyhow::Result<()> {
    let rooms = rooms()?;
    let mut maps = files(&[".md"])?;
    maps.retain(|file| MAPS.contains(&file.path.as_str()));
    anyhow::ensure!(maps.len() == MAPS.len(), "one of {MAPS:?} is missing");
    hold(&maps, |file| {
        let dead = paths(&file.text, &rooms).into_iter();
        let dead = dead.filter(|it| !is_imagined(it) && !root().join(it).exists());
        dead.map(|it| format!("`{it}` is not there")).collect()
    })
}

#[test]
fn every_link_between_documents_leads_somewhere() -> anyhow::Result<()> {
    hold(&files(&[".md"])?, |file| {
        let folder = file.path.rsplit_once('/').map_or("", |it| it.0);
        let dead = links(&file.text).into_iter();
        let dead = dead.filter(|it| !root().join(folder).join(it).exists());
        dead.map(|it| format!("({it}) is not there")).collect()
    })
}

#[test]
fn decisions_are_numbered_without_a_gap_and_say_why_what_and_at_what_price() -> anyhow::Result<()> {
    let mut decisions = files(&[".md"])?;
    decisions.retain(|it| it.path.starts_with("docs/adr/") && it.path != "docs/adr/README.md");
    hold(&decisions, |file| decision_faults(&file.text))?;
    let astray = decisions.iter().enumerate().filter(|(at, file)| {
        let beginning = format!("docs/adr/{:04}-", at + 1);
        !file.path.starts_with(&beginning)
    });
    let astray: Vec<_> = astray
        .map(|(_, it)| format!("{} has the wrong number", it.path))
        .collect();
    none(&astray)
}

#[test]
fn every_decision_is_in_the_list_of_them() -> anyhow::Result<()> {
    let (index, decisions): (Vec<_>, Vec<_>) = files(&[".md"])?
        .into_iter()
        .filter(|it| it.path.starts_with("docs/adr/"))
        .partition(|it| it.path == "docs/adr/README.md");
    let listed: Vec<_> = index.iter().flat_map(|it| links(&it.text)).collect();
    let is_listed = |path: &str| listed.iter().any(|it| path == format!("docs/adr/{it}"));
    let lacking = decisions.iter().filter(|it| !is_listed(&it.path));
    let lacking: Vec<_> = lacking
        .map(|it| format!("{} is not in the list", it.path))
        .collect();
    none(&lacking)
}

#[test]
fn dead_paths_and_links_are_found() {
    let rooms = BTreeSet::from(["nats".to_owned(), ".tools".to_owned()]);
    let text = "`nats/src/gone.rs`, `nats/`, `application/json`, `/v1/links`, `.tools/x`, `GET /a/b.rs`\n\
                ```sh\ncat nats/no\n```\n`events/src/a.rs` and [a](docs/a.md#b), [b](https://b.example/), [c](#c)";
    assert_eq!(
        paths(text, &rooms),
        ["nats/src/gone.rs", "nats/", "events/src/a.rs"]
    );
    assert_eq!(links(text), ["docs/a.md"]);
}

#[test]
fn a_decision_without_its_parts_is_refused() {
    let good = "# 1. A\n\nDate: 2026-11-21\n\n## Status\n\nAccepted\n\n\
                ## Context\n\na\n\n## Decision\n\nb\n\n## Consequences\n\nc\n";
    assert_eq!(decision_faults(good), Vec::<String>::new());
    for part in ["Date", "Status", "Context", "Decision", "Consequences"] {
        let bad = good.replace(part, "Thoughts");
        assert!(!decision_faults(&bad).is_empty(), "{part}");
    }
    let upside_down = "# 1. A\n\n## Decision\n\n## Context\n\n## Consequences\n";
    assert!(!decision_faults(upside_down).is_empty());
}
