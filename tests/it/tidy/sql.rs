//! SQL speaks of tables without their schema, so that a rebuild can put another in its place; migrations only add.

use super::tree::{CONTEXTS, File, files, hold, words};

/// Words after which a table is named.
const BEFORE_TABLE: [&str; 10] = [
    "from",
    "into",
    "update",
    "join",
    "table",
    "only",
    "on",
    "exists",
    "references",
    "copy",
];
/// Words that take something away from those who still run the version before.
const TAKES_AWAY: [&str; 4] = ["drop", "rename", "truncate", "delete"];

/// Tables that are named with their schema.
fn qualified(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    for (line, code) in file.code() {
        let code = code.split("--").next().unwrap_or_default().to_lowercase();
        let mut before = "";
        for word in code.split_whitespace() {
            let name = word.trim_start_matches(['"', '\'', '(', '\\']);
            let mut schemas = CONTEXTS.into_iter().chain(["public"]);
            let is_qualified = schemas.any(|schema| {
                let rest = name.strip_prefix(schema);
                let rest = rest.map(|rest| rest.trim_start_matches(['"', '\\']));
                let table = rest.and_then(|rest| rest.strip_prefix('.'));
                table.is_some_and(|it| it.starts_with(|it: char| it.is_alphabetic() || it == '"'))
            });
            if is_qualified && BEFORE_TABLE.contains(&before.trim_start_matches(['"', '('])) {
                faults.push(format!("{line}: {word} names its schema"));
            }
            before = word;
        }
    }
    faults
}

fn takings(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        let code = line.split("--").next().unwrap_or_default().to_lowercase();
        for word in words(&code).filter(|word| TAKES_AWAY.contains(word)) {
            faults.push(format!("{}: {word}", at + 1));
        }
        // How it is stored changes nothing for who reads it.
        if code.contains("alter column") && !code.contains("set storage") {
            faults.push(format!("{}: a column becomes another", at + 1));
        }
    }
    faults
}

#[test]
fn tables_are_named_without_their_schema() -> anyhow::Result<()> {
    let mut all = files(&[".rs", ".sql"])?;
    let rooms = ["projectors/src/", "query-api/src/", "migrations/"];
    // Tests prepare all schemas through one connection.
    let is_of_tests = |path: &str| path.ends_with("/tests.rs") || path.contains("/tests/");
    all.retain(|file| rooms.iter().any(|room| file.path.starts_with(room)));
    all.retain(|file| !is_of_tests(&file.path));
    hold(&all, qualified)
}

#[test]
fn migrations_take_nothing_away() -> anyhow::Result<()> {
    hold(&files(&[".sql"])?, takings)
}

#[test]
fn migrations_are_numbered_without_a_gap() -> anyhow::Result<()> {
    let all = files(&[".sql"])?;
    for context in CONTEXTS {
        let folder = format!("migrations/{context}/");
        let names = all
            .iter()
            .filter_map(|file| file.path.strip_prefix(&folder));
        let numbers: Vec<_> = names.filter_map(|name| name.get(..4)).collect();
        let expected: Vec<_> = (1..=numbers.len()).map(|it| format!("{it:04}")).collect();
        anyhow::ensure!(
            !numbers.is_empty() && numbers == expected,
            "{folder}: {numbers:?}"
        );
    }
    Ok(())
}

#[test]
fn a_table_with_its_schema_is_refused() {
    for sql in [
        "select 1 from links.link_list",
        "\"insert into core.user_profile (a) values (1)\"",
        "UPDATE Media.asset_list set a = 1",
        "select 1 from a join \"links\".\"click\" on true",
        "create table if not exists public.a ()",
    ] {
        let file = File::sample("projectors/src/links/a.rs", sql);
        assert!(!qualified(&file).is_empty(), "{sql}");
    }
    for good in [
        "fetch_all(&app.databases.links).await?",
        "select links.slug from link_list as links",
        "// from links.link_list",
        "-- from links.link_list",
        "use events::links::Click;",
    ] {
        let file = File::sample("query-api/src/links/a.rs", good);
        assert!(qualified(&file).is_empty(), "{good}");
    }
}

#[test]
fn a_migration_that_takes_something_away_is_refused() {
    for sql in [
        "drop table a;",
        "alter table a\n  drop column b;",
        "ALTER TABLE a RENAME TO b;",
        "truncate a;",
        "delete from a;",
        "alter table a alter column b type text;",
    ] {
        assert!(
            !takings(&File::sample("0009_a.sql", sql)).is_empty(),
            "{sql}"
        );
    }
    let good = "-- Nothing to drop.\nalter table a add column dropped_at timestamptz;";
    assert!(takings(&File::sample("0009_a.sql", good)).is_empty());
}
