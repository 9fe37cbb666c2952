//! Files of links, against a real Postgres.

use axum::body::to_bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use super::PAGE_ROWS;
use super::encode::COLUMNS;
use crate::testing::{Stage, member_of};

/// A text that spreadsheets would calculate, and that CSV must quote.
const TITLE: &str = "=1+1, \"so\"";

async fn stage(count: usize) -> Stage {
    let stage = Stage::new().await;
    let workspace = Uuid::from_u128(1);
    stage
        .write(format!(
            "insert into links.link_list (link_id, workspace_id, domain, slug, target, status, \
             forward_query, title, tags, created_at, version, notes, rules) \
             select lpad(to_hex(n), 32, '0')::uuid, '{workspace}', 'go.example.com', 's' || n, \
             'https://a.example/', 302, false, '{TITLE}', '{{\"a,b\"}}', '2026-11-21T10:00Z', n, \
             e'@one\\n+two', '[{{\"name\":\"x\"}}]' from generate_series(1, {count}) n"
        ))
        .await;
    stage
}

async fn file(stage: &Stage, query: &str) -> (http::HeaderMap, String) {
    let path = format!("/v1/links/export?{query}");
    let response = stage.ask(&member_of(1), &path, &[]).await;
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    let bytes = to_bytes(response.into_body(), 1 << 22).await.unwrap();
    (headers, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn every_link_is_written_once_oldest_first_over_all_pages() {
    let count = 2 * PAGE_ROWS + 1;
    let stage = stage(count).await;
    let slugs: Vec<String> = (1..=count).map(|n| format!("s{n}")).collect();
    let (headers, csv) = file(&stage, "format=csv").await;
    assert_eq!(
        headers["content-type"],
        "text/csv; charset=utf-8; header=present"
    );
    assert_eq!(
        headers["content-disposition"],
        "attachment; filename=\"links.csv\""
    );
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().unwrap(), &COLUMNS[..]);
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    let written: Vec<_> = records.iter().map(|it| it[1].to_owned()).collect();
    assert_eq!(written, slugs);

    let (headers, ndjson) = file(&stage, "format=ndjson").await;
    assert_eq!(headers["content-type"], "application/x-ndjson");
    let links = ndjson
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let written: Vec<_> = links
        .map(|it| it["slug"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(written, slugs);
}

#[tokio::test]
async fn a_cell_holds_the_text_as_it_is_and_lists_as_json() {
    let stage = stage(1).await;
    let (_, csv) = file(&stage, "").await;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let record = reader.records().next().unwrap().unwrap();
    let cell = |name: &str| &record[COLUMNS.iter().position(|it| *it == name).unwrap()];
    assert_eq!(cell("title"), TITLE);
    assert_eq!(cell("notes"), "@one\n+two");
    assert_eq!(cell("tags"), r#"["a,b"]"#);
    assert_eq!(cell("rules"), r#"[{"name":"x"}]"#);
    assert_eq!(cell("expires_at"), "");
    assert_eq!(cell("state"), "open");
    let (_, ndjson) = file(&stage, "format=ndjson").await;
    let link: Value = serde_json::from_str(&ndjson).unwrap();
    let names: Vec<_> = link
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut columns = COLUMNS;
    columns.sort_unstable();
    assert_eq!(names, columns);
    assert_eq!(link["title"], json!(TITLE));
}

#[tokio::test]
async fn a_file_without_links_is_a_whole_file() {
    let stage = stage(0).await;
    let (_, csv) = file(&stage, "").await;
    assert_eq!(csv, format!("{}\r\n", COLUMNS.join(",")));
    assert_eq!(file(&stage, "format=ndjson").await.1, "");
}

#[tokio::test]
async fn a_failure_midway_breaks_the_file_off() {
    let stage = stage(PAGE_ROWS + 1).await;
    let response = stage.ask(&member_of(1), "/v1/links/export", &[]).await;
    assert_eq!(response.status(), 200);
    stage
        .write("alter table links.link_list rename to gone".to_owned())
        .await;
    to_bytes(response.into_body(), 1 << 22).await.unwrap_err();
}

#[tokio::test]
async fn the_links_of_a_state_and_a_tag_are_written_alone() {
    let stage = stage(2).await;
    let archive = "update links.link_list set is_archived = true, tags = '{x}' where slug = 's2'";
    stage.write(archive.to_owned()).await;
    let lines = async |query| file(&stage, query).await.1.lines().count();
    assert_eq!(lines("format=ndjson").await, 1);
    assert_eq!(lines("format=ndjson&state=all").await, 2);
    assert_eq!(lines("format=ndjson&state=archived&tag=x").await, 1);
    assert_eq!(lines("format=ndjson&tag=x").await, 0);
}
