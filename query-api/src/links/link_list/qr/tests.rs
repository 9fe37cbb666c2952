//! Codes that are read again, against a real Postgres.

use axum::body::to_bytes;
use http::HeaderMap;
use rqrr::PreparedImage;
use uuid::Uuid;

use crate::testing::{Stage, member_of};

const SHORT_URL: &str = "https://go.example.com/Gr%C3%BC%C3%9Fe-26";

async fn stage(slug: &str) -> Stage {
    let stage = Stage::new().await;
    let (link, workspace) = (Uuid::from_u128(7), Uuid::from_u128(1));
    stage
        .write(format!(
            "insert into links.link_list (link_id, workspace_id, domain, slug, target, status, forward_query, tags, created_at, version) \
             values ('{link}', '{workspace}', 'go.example.com', '{slug}', 'https://a.example/', 302, false, '{{}}', '2026-11-21T10:00Z', 7)"
        ))
        .await;
    stage
}

fn path(query: &str) -> String {
    format!("/v1/links/{}/qr?{query}", Uuid::from_u128(7))
}

async fn image(stage: &Stage, query: &str) -> (HeaderMap, Vec<u8>) {
    let response = stage.ask(&member_of(1), &path(query), &[]).await;
    assert_eq!(response.status(), 200, "{query}");
    let headers = response.headers().clone();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (headers, body.to_vec())
}

/// What a camera reads.
fn read(side: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
    let mut image = PreparedImage::prepare_from_bitmap(side, side, is_dark);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap().1
}

fn read_png(file: &[u8], side: usize) -> String {
    let decoder = png::Decoder::new(std::io::Cursor::new(file));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width as usize, info.height as usize), (side, side));
    read(side, |x, y| {
        pixels[y * info.line_size + x / 8] & (0x80 >> (x % 8)) == 0
    })
}

/// Draws the rectangles of the dark path, each module eight pixels wide.
fn read_svg(svg: &str) -> String {
    let (_, rest) = svg.split_once("viewBox=\"0 0 ").unwrap();
    let side: usize = rest.split(' ').next().unwrap().parse().unwrap();
    let (_, path) = svg.rsplit_once(" d=\"").unwrap();
    let path = path.strip_suffix("\"/></svg>").unwrap();
    let mut dark = vec![false; side * side];
    for rectangle in path.split_terminator('z') {
        let numbers: Vec<usize> = rectangle
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|it| it.parse().ok())
            .collect();
        let [x, y, length, 1, back] = numbers[..] else {
            panic!("{rectangle}");
        };
        assert_eq!(length, back);
        dark[y * side + x..][..length].fill(true);
    }
    read(8 * side, |x, y| dark[y / 8 * side + x / 8])
}

#[tokio::test]
async fn a_code_says_the_short_url_of_its_link() {
    let stage = stage("Grüße-26").await;
    let (headers, svg) = image(&stage, "").await;
    assert_eq!(headers["content-type"], "image/svg+xml");
    let svg = String::from_utf8(svg).unwrap();
    assert!(svg.contains("width=\"256\" height=\"256\""));
    assert_eq!(read_svg(&svg), SHORT_URL);
    for side in [64, 100, 256, 2_048] {
        let (headers, png) = image(&stage, &format!("format=png&size={side}")).await;
        assert_eq!(headers["content-type"], "image/png");
        assert_eq!(read_png(&png, side), SHORT_URL);
    }
}

#[tokio::test]
async fn the_longest_slug_has_a_code_and_needs_room() {
    let slug = "東".repeat(64);
    let stage = stage(&slug).await;
    let url = format!("https://go.example.com/{}", "%E6%9D%B1".repeat(64));
    let (_, svg) = image(&stage, "format=svg&size=64").await;
    assert_eq!(read_svg(&String::from_utf8(svg).unwrap()), url);
    let (_, png) = image(&stage, "format=png&size=400").await;
    assert_eq!(read_png(&png, 400), url);
    let (status, problem) = stage.get(&member_of(1), &path("format=png&size=64")).await;
    assert_eq!(status, 422);
    assert_eq!(problem["errors"][0]["pointer"], "/size");
}

#[tokio::test]
async fn a_code_is_sent_only_once_to_who_keeps_it() {
    let stage = stage("spring").await;
    let (headers, _) = image(&stage, "format=png").await;
    assert_eq!(headers["cache-control"], "private, no-cache");
    assert_eq!(headers["vary"], "authorization, min-position");
    let etag = headers["etag"].to_str().unwrap();
    for (query, status) in [("format=png", 304), ("format=png&size=300", 200), ("", 200)] {
        let known = [("if-none-match", etag)];
        let answer = stage.ask(&member_of(1), &path(query), &known).await;
        assert_eq!(answer.status(), status, "{query}");
    }
}

#[tokio::test]
async fn a_code_that_cannot_be_drawn_is_refused_with_all_faults() {
    let stage = stage("spring").await;
    let (status, problem) = stage
        .get(&member_of(1), &path("format=gif&size=4096"))
        .await;
    assert_eq!(status, 422);
    assert_eq!(problem["errors"][0]["pointer"], "/format");
    assert_eq!(problem["errors"][1]["pointer"], "/size");
    for size in ["63", "2049", "-1", "x", ""] {
        let (status, _) = stage
            .get(&member_of(1), &path(&format!("size={size}")))
            .await;
        assert_eq!(status, 422, "{size}");
    }
}

#[tokio::test]
async fn another_workspace_gets_no_code() {
    let stage = stage("spring").await;
    assert_eq!(stage.get(&member_of(9), &path("")).await.0, 404);
}
