//! What every answer keeps to: pages, tags, documents and figures.

use std::collections::BTreeMap;

use futures::future::join_all;
use reqwest::Method;
use serde_json::Value;

use crate::stack::{Answer, Person, Stack};

const LINKS: usize = 7;

#[tokio::test]
async fn pages_follow_each_other_without_a_gap_or_a_repeat() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let mut targets: Vec<_> = (0..LINKS)
        .map(|it| format!("https://example.com/{it}"))
        .collect();
    for target in &targets {
        ada.shortens(target).await;
    }
    let mut found = Vec::new();
    let mut path = "/v1/links?limit=3".to_owned();
    loop {
        let page = ada.reads(&path).await.is(200).body;
        let items = page["items"].as_array().unwrap();
        assert!((1..=3).contains(&items.len()), "{page}");
        found.extend(
            items
                .iter()
                .map(|it| it["target"].as_str().unwrap().to_owned()),
        );
        // What is new belongs before the first page, and disturbs none behind it.
        ada.shortens("https://example.com/new").await;
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/links?limit=3&cursor={cursor}");
    }
    targets.reverse();
    assert_eq!(found, targets);
    stack.finish().await;
}

#[tokio::test]
async fn lists_are_narrowed_by_tag_and_text() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    for (title, tag) in [
        ("Spring sale", "mail"),
        ("Autumn 50%", "mail"),
        ("Spring", "print"),
    ] {
        let wish = serde_json::json!({
            "target": "https://example.com", "title": title, "tags": [tag],
        });
        ada.asks_to_shorten(&wish).await.is(201);
    }
    for (query, titles) in [
        ("tag=mail", &["Autumn 50%", "Spring sale"][..]),
        ("search=SPRING", &["Spring", "Spring sale"]),
        ("search=50%25", &["Autumn 50%"]),
        ("search=_", &[]),
        ("tag=mail&search=spring", &["Spring sale"]),
    ] {
        let listed = ada.reads(&format!("/v1/links?{query}")).await.is(200).body;
        let items = listed["items"].as_array().unwrap();
        let found: Vec<_> = items
            .iter()
            .map(|it| it["title"].as_str().unwrap())
            .collect();
        assert_eq!(found, titles, "{query}");
    }
    stack.finish().await;
}

#[tokio::test]
async fn what_is_known_already_is_not_sent_again() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let link = ada.shortens("https://example.com").await;
    ada.sees(&link).await.is(200);
    let of_link = format!("/v1/links/{}", link.id);
    let stats = format!("{of_link}/stats");
    for path in [&of_link, &stats, "/v1/core/users/me"] {
        let first = ada.reads(path).await.is(200);
        let etag = first.header("etag");
        let again = asks_for_news(&ada, path, etag).await.is(304);
        assert_eq!(
            (again.header("etag"), &again.body),
            (etag, &Value::from("")),
            "{path}"
        );
        asks_for_news(&ada, path, "\"another\"").await.is(200);
    }
    stack.finish().await;
}

async fn asks_for_news(ada: &Person, path: &str, known: &str) -> Answer {
    let request = ada.request(Method::GET, path);
    Answer::read(request.header("if-none-match", known).send().await.unwrap()).await
}

#[tokio::test]
async fn documents_and_figures_are_open_to_everybody() {
    let stack = Stack::start().await;
    let guest = stack.guest();
    let contexts = ["core", "media", "links"];
    let documents = join_all(contexts.map(|it| guest.reads_the_document_of(it))).await;
    for (context, document) in contexts.iter().zip(documents) {
        let version = document["openapi"].as_str().unwrap();
        assert!(version.starts_with("3.1"), "{version}");
        let paths = document["paths"].as_object().unwrap();
        let prefix = format!("/v1/{context}");
        let is_own = |path: &String| path.starts_with(&prefix) || path == "/{slug}";
        assert!(!paths.is_empty() && paths.keys().all(is_own));
    }
    for (path, text) in [
        ("/docs/", "<html"),
        ("/health", "alive"),
        ("/health/ready", "ready"),
        ("/metrics", "http_requests_total"),
    ] {
        let response = guest.request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let body = response.text().await.unwrap();
        assert!(body.contains(text), "{path}: {body}");
    }
    stack.finish().await;
}

/// A figure without labels is there from the start; one with labels may have nothing to tell yet.
#[tokio::test]
async fn every_figure_is_told_of_and_every_one_that_is_told_of_is_there() {
    let stack = Stack::start().await;
    let page = stack.guest().request(Method::GET, "/metrics").send().await;
    let page = page.unwrap().text().await.unwrap();
    // `# TYPE <name> <type>`, where the name of a counter lacks its `_total`.
    let figures = page.lines().filter_map(|it| {
        let (name, kind) = it.strip_prefix("# TYPE ")?.split_once(' ')?;
        let ending = if kind == "counter" { "_total" } else { "" };
        Some((format!("{name}{ending}"), kind))
    });
    let figures: BTreeMap<_, _> = figures.collect();
    let told = include_str!("../../../docs/operating.md");
    // `| name | type | labels | process | what it tells |`, the name in backticks.
    let rows = told.lines().filter_map(|it| {
        let mut cells = it.strip_prefix('|')?.split('|').map(str::trim);
        let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
        Some((name, (cells.next()?, cells.next()?)))
    });
    let is_figure = |it: &(&str, (&str, &str))| ["counter", "gauge", "histogram"].contains(&it.1.0);
    let rows: BTreeMap<_, _> = rows.filter(is_figure).collect();
    for (name, kind) in &figures {
        let row = rows.get(&**name).map(|it| it.0);
        assert_eq!(row, Some(*kind), "{name} in docs/operating.md");
    }
    let mut plain = rows.iter().filter(|(_, (_, labels))| labels.is_empty());
    assert!(plain.clone().count() > 10, "{rows:?}");
    let gone = plain.find(|(name, _)| !figures.contains_key(**name));
    assert_eq!(gone, None, "told of, and not there");
    stack.finish().await;
}
