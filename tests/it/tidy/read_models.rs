//! A read model has one name: its migration, its projection and its query share it.

use std::collections::BTreeSet;

use super::tree::{CONTEXTS, File, files, none};

/// Tables that every schema has, and that nobody asks.
const OF_THE_RUNNER: &str = "projection_position";
/// Views that another has taken the place of: their tables stay, since migrations take nothing away.
const SUPERSEDED: [&str; 1] = ["click_rollup"];

/// What lies in `folder`, as modules are named.
fn modules(all: &[File], folder: &str) -> BTreeSet<String> {
    let names = all.iter().filter_map(|file| {
        let rest = file.path.strip_prefix(folder)?.strip_prefix('/')?;
        let name = rest.split('/').next()?.trim_end_matches(".rs");
        (name != "mod").then(|| name.to_owned())
    });
    names.collect()
}

/// The views that the migrations of a folder make or change.
fn migrated(all: &[File], folder: &str) -> BTreeSet<String> {
    let names = all.iter().filter_map(|file| {
        let name = file.path.strip_prefix(folder)?.strip_prefix('/')?;
        let (_number, name) = name.trim_end_matches(".sql").split_once('_')?;
        let is_view = name != OF_THE_RUNNER && !SUPERSEDED.contains(&name);
        is_view.then(|| name.to_owned())
    });
    names.collect()
}

fn faults(all: &[File], context: &str) -> Vec<String> {
    let views = migrated(all, &format!("migrations/{context}"));
    let mut faults = Vec::new();
    if views.is_empty() {
        faults.push(format!("{context} has no view"));
    }
    for room in ["projectors", "query-api"] {
        let folder = format!("{room}/src/{context}");
        let found = modules(all, &folder);
        if found != views {
            faults.push(format!("{folder} has {found:?}, the migrations {views:?}"));
        }
    }
    for view in &views {
        let says = |room: &str, text: &str| {
            let beginning = format!("{room}/{view}");
            let number = format!("_{view}.sql");
            let mut its = all.iter().filter(|file| {
                file.path.starts_with(&beginning)
                    || (file.path.starts_with(room) && file.path.ends_with(&number))
            });
            its.any(|file| file.text.contains(text))
        };
        for (room, text) in [
            (
                format!("migrations/{context}"),
                format!("create table {view} ("),
            ),
            (
                format!("projectors/src/{context}"),
                format!("const NAME: &'static str = \"{view}\";"),
            ),
            (format!("projectors/src/{context}"), format!("into {view}")),
            (format!("query-api/src/{context}"), format!("from {view}")),
        ] {
            if !says(&room, &text) {
                faults.push(format!("{view}: nothing in {room} says {text:?}"));
            }
        }
    }
    faults
}

#[test]
fn a_read_model_has_one_name_from_its_migration_to_its_query() -> anyhow::Result<()> {
    let all = files(&[".rs", ".sql"])?;
    let found: Vec<_> = CONTEXTS.iter().flat_map(|it| faults(&all, it)).collect();
    none(&found)
}

#[test]
fn a_read_model_that_lacks_something_is_refused() {
    let whole = [
        ("migrations/links/0001_projection_position.sql", ""),
        ("migrations/links/0002_a.sql", "create table a ("),
        (
            "projectors/src/links/a.rs",
            "const NAME: &'static str = \"a\"; insert into a",
        ),
        ("projectors/src/links/mod.rs", "mod a;"),
        ("query-api/src/links/a/mod.rs", "select 1 from a"),
    ];
    let sample = |files: &[(&str, &str)]| -> Vec<File> {
        files
            .iter()
            .map(|(path, text)| File::sample(path, text))
            .collect()
    };
    assert_eq!(faults(&sample(&whole), "links"), Vec::<String>::new());
    for missing in [1, 2, 4] {
        let mut less = sample(&whole);
        less.remove(missing);
        assert!(!faults(&less, "links").is_empty(), "{missing}");
        let mut other = sample(&whole);
        other[missing].text.clear();
        assert!(!faults(&other, "links").is_empty(), "{missing}");
    }
    let mut more = sample(&whole);
    more.push(File::sample("query-api/src/links/b.rs", "select 1 from a"));
    assert!(!faults(&more, "links").is_empty());
}
