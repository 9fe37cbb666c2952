//! Files of clicks, against a real Postgres.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use axum::body::{Bytes, to_bytes};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use super::{Given, LINK, OTHER, WORKSPACE, click, given};
use crate::testing::{Stage, member_of};

/// More than two pages, and more than a row group.
const MANY: usize = 22_345;

async fn file(stage: &Stage, path: &str) -> (http::HeaderMap, Bytes) {
    let response = stage
        .ask(&member_of(1), &format!("/v1/links/{path}"), &[])
        .await;
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    (
        headers,
        to_bytes(response.into_body(), 1 << 24).await.unwrap(),
    )
}

async fn many() -> Stage {
    let stage = given(&[]).await;
    stage
        .write(format!(
            "insert into links.click_record (workspace_id, link_id, occurred_at, sequence, ordinal, \
             click_id, slug, is_bot, visitor, country, referrer) \
             select '{WORKSPACE}', '{LINK}', timestamptz '2026-11-20T10:00Z' - make_interval(secs => n), \
             n / 100, n % 100, lpad(to_hex(n), 32, '0')::uuid, 's', false, n, 'NP', \
             case when n % 2 = 0 then 'a \"quoted\", text' end from generate_series(1, {MANY}) n"
        ))
        .await;
    stage
}

#[tokio::test]
async fn every_click_is_written_once_over_all_pages_in_every_format() {
    let stage = many().await;
    let (headers, csv) = file(&stage, "clicks/export").await;
    assert_eq!(
        headers["content-type"],
        "text/csv; charset=utf-8; header=present"
    );
    let mut reader = csv::Reader::from_reader(&csv[..]);
    let names: Vec<_> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), MANY);
    assert_eq!(&records[1][6], "a \"quoted\", text");

    let path = format!("{LINK}/clicks/export?format=ndjson");
    let (headers, ndjson) = file(&stage, &path).await;
    assert_eq!(headers["content-type"], "application/x-ndjson");
    let lines: Vec<Value> = serde_json::Deserializer::from_slice(&ndjson)
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let ids: Vec<_> = lines.iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted(), "newest first, none twice");
    let of_csv: Vec<_> = records.iter().map(|it| it[0].to_owned()).collect();
    assert_eq!(ids, of_csv);
    let mut fields: Vec<_> = lines[0].as_object().unwrap().keys().collect();
    let mut sorted: Vec<_> = names.iter().collect();
    fields.sort_unstable();
    sorted.sort_unstable();
    assert_eq!(fields, sorted);

    let (headers, parquet) = file(&stage, "clicks/export?format=parquet").await;
    assert_eq!(headers["content-type"], "application/vnd.apache.parquet");
    let reader = ParquetRecordBatchReaderBuilder::try_new(parquet).unwrap();
    assert_eq!(reader.metadata().num_row_groups(), 2);
    let columns = reader.schema().fields().iter().map(|it| it.name().clone());
    assert_eq!(columns.collect::<Vec<_>>(), names);
    let mut read = Vec::new();
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        let of_batch = batch.column(0).as_string::<i32>().iter().flatten();
        read.extend(of_batch.map(str::to_owned));
    }
    assert_eq!(read, of_csv);
}

#[tokio::test]
async fn what_a_spreadsheet_would_take_for_a_formula_is_marked_in_csv_alone() {
    let stage = given(&[click("2026-11-20T10:00Z")]).await;
    let texts = [
        ("referrer", "=HYPERLINK(\"https://evil.example\")"),
        ("utm_source", "+1"),
        ("utm_medium", "-1"),
        ("utm_campaign", "@SUM(A1)"),
        ("city", "\t=1"),
        ("rule", "\r=1"),
        ("browser", "a=b"),
    ];
    for (column, text) in texts {
        let text = format!("update links.click_record set {column} = '{text}'");
        stage.write(text).await;
    }
    let (_, csv) = file(&stage, "clicks/export").await;
    let mut reader = csv::Reader::from_reader(&csv[..]);
    let names = reader.headers().unwrap().clone();
    let record = reader.records().next().unwrap().unwrap();
    let (_, ndjson) = file(&stage, "clicks/export?format=ndjson").await;
    let line: Value = serde_json::from_slice(&ndjson).unwrap();
    let (_, parquet) = file(&stage, "clicks/export?format=parquet").await;
    let reader = ParquetRecordBatchReaderBuilder::try_new(parquet).unwrap();
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    for (column, text) in texts {
        let at = names.iter().position(|it| it == column).unwrap();
        let mark = if column == "browser" { "" } else { "'" };
        assert_eq!(record[at], format!("{mark}{text}"));
        assert_eq!(line[column], text);
        let kept = batch.column_by_name(column).unwrap();
        assert_eq!(kept.as_string::<i32>().value(0), text);
    }
}

#[tokio::test]
async fn parquet_keeps_times_numbers_and_what_is_not_known() {
    let stage = given(&[Given {
        country: "NP",
        visitor: Some(255),
        is_bot: true,
        ..click("2026-11-20T10:00Z")
    }])
    .await;
    let (_, parquet) = file(&stage, "clicks/export?format=parquet&bots=only").await;
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(parquet)
        .unwrap()
        .build()
        .unwrap();
    let batch = reader.next().unwrap().unwrap();
    let text = |name: &str| batch.column_by_name(name).unwrap().as_string::<i32>();
    assert_eq!(text("country").value(0), "NP");
    assert_eq!(text("visitor").value(0), "00000000000000ff");
    assert!(text("city").is_null(0));
    assert!(
        batch
            .column_by_name("is_bot")
            .unwrap()
            .as_boolean()
            .value(0)
    );
    let times = batch.column_by_name("occurred_at").unwrap();
    let time = times.as_primitive::<TimestampMicrosecondType>().value(0);
    assert_eq!(time, 1_795_168_800_000_000);
}

#[tokio::test]
async fn a_file_holds_what_passes_and_nothing_of_others_and_may_be_empty() {
    let stage = given(&[
        click("2026-11-20T10:00Z"),
        Given {
            country: "NP",
            link: OTHER,
            ..click("2026-11-20T10:00Z")
        },
        Given {
            is_bot: true,
            ..click("2026-11-20T10:00Z")
        },
    ])
    .await;
    let lines = async |path: &str| file(&stage, path).await.1.split(|it| *it == b'\n').count() - 1;
    assert_eq!(lines("clicks/export?format=ndjson").await, 2);
    assert_eq!(lines("clicks/export?format=ndjson&bots=include").await, 3);
    assert_eq!(lines("clicks/export?format=ndjson&country=NP").await, 1);
    assert_eq!(
        lines(&format!("{LINK}/clicks/export?format=ndjson")).await,
        1
    );
    assert_eq!(lines("clicks/export?to=2026-11-20T10:00:00Z").await, 1);
    let (_, parquet) = file(&stage, "clicks/export?format=parquet&country=DE").await;
    let reader = ParquetRecordBatchReaderBuilder::try_new(parquet).unwrap();
    assert_eq!(reader.build().unwrap().count(), 0);
    let path = format!("/v1/links/{LINK}/clicks/export");
    assert_eq!(stage.get(&member_of(9), &path).await.0, 404);
    let (status, _) = stage
        .get(&member_of(1), &format!("{path}?format=xml"))
        .await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn a_failure_midway_breaks_the_file_off() {
    let stage = many().await;
    let path = "/v1/links/clicks/export?format=ndjson";
    let response = stage.ask(&member_of(1), path, &[]).await;
    assert_eq!(response.status(), 200);
    let gone = "alter table links.click_record rename to gone";
    stage.write(gone.to_owned()).await;
    to_bytes(response.into_body(), 1 << 24).await.unwrap_err();
}
