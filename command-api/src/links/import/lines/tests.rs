//! Files in parts, as networks cut them.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, header};
use futures::stream;

use super::super::From;
use events::WorkspaceId;
use uuid::Uuid;

use super::super::report::Failure;
use super::super::room::Room;
use super::{LINE_BYTES_MAX, Lines};

async fn open(media_type: &'static str, parts: Vec<Vec<u8>>) -> Lines {
    let parts = parts
        .into_iter()
        .map(|it| Ok::<_, Infallible>(Bytes::from(it)));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let body = Body::from_stream(stream::iter(parts));
    let seat = Room::default().enter(WorkspaceId::new(Uuid::nil()));
    let lines = Lines::open(body, &headers, From::Yourls, seat.unwrap());
    lines.await.unwrap()
}

/// Each line's number, keyword and title; an empty keyword of one that can't be read.
async fn all(mut lines: Lines) -> Result<Vec<(u64, String, String)>, Failure> {
    let mut all = Vec::new();
    while let Some(line) = lines.next().await? {
        let text = |name| match &line.record {
            Ok(record) => record.text(&[name]).unwrap_or_default(),
            Err(_) => String::new(),
        };
        all.push((line.number, text("keyword"), text("title")));
    }
    Ok(all)
}

fn told(lines: &[(u64, &str, &str)]) -> Vec<(u64, String, String)> {
    let lines = lines.iter();
    lines
        .map(|(number, slug, title)| (*number, (*slug).to_owned(), (*title).to_owned()))
        .collect()
}

#[tokio::test]
async fn a_csv_is_the_same_however_it_is_cut() {
    let file = "\u{feff}keyword,URL,Title\r\na,x,\"one\r\ntwo, \"\"three\"\"\"\r\n\r\nb,x,=1\r\nonly\r\nc,x,é";
    let expected = told(&[
        (2, "a", "one\r\ntwo, \"three\""),
        (5, "b", "=1"),
        (6, "", ""),
        (7, "c", "é"),
    ]);
    for size in 1..=file.len() {
        let parts = file.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
        assert_eq!(
            all(open("text/csv", parts).await).await,
            Ok(expected.clone()),
            "{size}"
        );
    }
}

#[tokio::test]
async fn lines_of_json_are_the_same_however_they_are_cut() {
    let file =
        "\u{feff}{\"keyword\":\"a\",\"title\":null}\n\n{\r\n{\"keyword\":\"é\",\"Title\":\"t\"}";
    let expected = told(&[(1, "a", ""), (3, "", ""), (4, "é", "t")]);
    for size in 1..=file.len() {
        let parts = file.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
        let lines = open("application/x-ndjson", parts).await;
        assert_eq!(all(lines).await, Ok(expected.clone()), "{size}");
    }
}

#[tokio::test]
async fn a_line_without_an_end_is_given_up_on() {
    for media_type in ["text/csv", "application/x-ndjson"] {
        let mut parts = vec![b"keyword,url\n\"".to_vec()];
        parts.extend(vec![vec![b'x'; 64 << 10]; LINE_BYTES_MAX / (64 << 10) + 2]);
        let failure = all(open(media_type, parts).await).await.unwrap_err();
        assert_eq!(failure.error, "too_large", "{media_type}");
    }
}

#[tokio::test]
async fn cells_that_are_too_many_end_the_file() {
    let file = format!("keyword,url\na,b{}\n", ",".repeat(300));
    let failure = all(open("text/csv", vec![file.into_bytes()]).await).await;
    assert_eq!(failure.unwrap_err().error, "too_large");
}
