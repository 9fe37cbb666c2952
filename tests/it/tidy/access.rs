//! What people read of who may do what is what the table says, and no route is served past it.

use std::fmt::Write;
use std::fs;

use service::caller::access::{RULES, Rule};

use super::tree::{files, hold, root};

const PAGE: &str = "docs/access.md";
const HEAD: &str = "\
# Who may do what

This page is made from the table `RULES` in `service/src/caller/access.rs`, which admits every request.
After a change there, make it anew: `MILLRACE_BLESS=1 cargo test -p tests --test it tidy::access`.

- A role is what somebody is in the workspace that the credential speaks for.
  Each may do all that the one before it may: `viewer`, `editor`, `admin`.
- An API key needs the scope, and does no more than its maker may at the moment.
  Where there is none, API keys are refused.
- *Oneself* is the user whom the path names.
- Without a good credential the answer is 401; with one that is not enough, 403.
  What belongs to another workspace is 404.

";
/// Where the routes of the contexts are made.
const ROOMS: [&str; 2] = ["command-api/src/", "query-api/src/"];

fn page() -> String {
    let mut page = HEAD.to_owned();
    for context in ["core", "media", "links"] {
        let below = format!("/v1/{context}");
        write!(
            page,
            "## {context}\n\n| route | who | scope of an API key |\n|---|---|---|\n"
        )
        .unwrap();
        for rule in RULES.iter().filter(|it| it.path.starts_with(&below)) {
            page.push_str(&row(rule));
        }
        page.push('\n');
    }
    page.truncate(page.trim_end().len());
    page + "\n"
}

fn row(rule: &Rule) -> String {
    let scope = rule.scope.map_or(String::new(), |it| format!("`{it}`"));
    let Rule {
        method, path, who, ..
    } = rule;
    format!("| `{method} {path}` | {who} | {scope} |\n")
}

/// Routes that are added without a description, and so are in none of the documents that are held against the table.
fn undescribed(line: &str) -> bool {
    let hidden = [".route(", ".nest(", ".route_service(", ".fallback("];
    // Two dots before it, and it is a value that others are made of.
    let line = line.replace("..route(", "");
    hidden.iter().any(|it| line.contains(it)) && !line.contains(r#".route("/{slug}""#)
}

#[test]
fn the_page_of_access_tells_what_the_table_says() -> anyhow::Result<()> {
    let (path, page) = (root().join(PAGE), page());
    if std::env::var_os("MILLRACE_BLESS").is_some() {
        fs::write(&path, &page)?;
    }
    let told = fs::read_to_string(&path).unwrap_or_default();
    anyhow::ensure!(told == page, "{PAGE} is stale: run with MILLRACE_BLESS=1");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    anyhow::ensure!(rows.count() == RULES.len(), "a rule is in no context");
    Ok(())
}

#[test]
fn every_route_of_a_context_is_described() -> anyhow::Result<()> {
    let mut sources = files(&[".rs"])?;
    sources.retain(|it| ROOMS.iter().any(|room| it.path.starts_with(room)));
    hold(&sources, |file| {
        let hidden = file.code().filter(|(_, line)| undescribed(line));
        hidden
            .map(|(at, _)| format!("line {at} adds a route without a description"))
            .collect()
    })
}

#[test]
fn a_route_without_a_description_is_found() {
    assert!(undescribed(
        r#"    .route("/v1/links/secret", get(secret))"#
    ));
    assert!(!undescribed(r#"    .route("/{slug}", get(redirect))"#));
    assert!(!undescribed("    .routes(routes!(shorten))"));
}
