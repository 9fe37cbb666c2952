//! Lists, pages and filters of links, against a real Postgres.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::testing::{Stage, body, member_of};

/// Links 1 to `count` of workspace 1: the odd ones filed under `odd`, each with its number in its title.
async fn stage(count: u128) -> Stage {
    let stage = Stage::new().await;
    for number in 1..=count {
        let (link, workspace) = (Uuid::from_u128(number), Uuid::from_u128(1));
        let tags = if number % 2 == 1 {
            "{odd,all}"
        } else {
            "{all}"
        };
        stage
            .write(format!(
                "insert into links.link_list values ('{link}', '{workspace}', 'go.example.com', \
                 's{number}', 'https://a.example/50%', 302, false, 'Sale N°{number}', '{tags}', \
                 '2026-11-21T10:00Z', 7)"
            ))
            .await;
    }
    stage
}

async fn slugs(stage: &Stage, query: &str) -> Vec<String> {
    let (status, page) = stage
        .get(&member_of(1), &format!("/v1/links?{query}"))
        .await;
    assert_eq!(status, 200, "{page}");
    slugs_of(&page)
}

fn slugs_of(page: &Value) -> Vec<String> {
    let slug = |link: &Value| link["slug"].as_str().unwrap().to_owned();
    page["items"].as_array().unwrap().iter().map(slug).collect()
}

#[tokio::test]
async fn the_cursor_walks_over_every_link_once_newest_first() {
    let stage = stage(7).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/links?limit=3{cursor}");
        let (_, page) = stage.get(&member_of(1), &path).await;
        seen.push(slugs_of(&page));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(
        seen,
        [&["s7", "s6", "s5"][..], &["s4", "s3", "s2"], &["s1"]]
    );
}

#[tokio::test]
async fn a_list_may_be_narrowed_by_tag_and_by_text() {
    let stage = stage(4).await;
    assert_eq!(slugs(&stage, "tag=odd").await, ["s3", "s1"]);
    assert_eq!(slugs(&stage, "tag=ODD").await, [""; 0]);
    assert_eq!(slugs(&stage, "search=sale%20n%C2%B04").await, ["s4"]);
    assert_eq!(slugs(&stage, "search=S2").await, ["s2"]);
    assert_eq!(slugs(&stage, "search=50%25&tag=odd").await, ["s3", "s1"]);
    assert_eq!(slugs(&stage, "search=_").await, [""; 0]);
}

#[tokio::test]
async fn links_are_listed_by_their_state() {
    let stage = stage(4).await;
    for (link, change) in [
        (2, "expires_at = '2026-11-21T10:00Z'"),
        (3, "is_archived = true, expires_at = '2026-11-21T10:00Z'"),
        (
            4,
            "expires_at = '9999-01-01T00:00Z', former_slugs = '{before}'",
        ),
    ] {
        let id = Uuid::from_u128(link);
        let sql = format!("update links.link_list set {change} where link_id = '{id}'");
        stage.write(sql).await;
    }
    assert_eq!(slugs(&stage, "").await, ["s4", "s2", "s1"]);
    assert_eq!(slugs(&stage, "state=open").await, ["s4", "s1"]);
    assert_eq!(slugs(&stage, "state=expired").await, ["s2"]);
    assert_eq!(slugs(&stage, "state=archived").await, ["s3"]);
    assert_eq!(slugs(&stage, "state=all").await, ["s4", "s3", "s2", "s1"]);
    assert_eq!(slugs(&stage, "search=BEFORE").await, ["s4"]);
    let (status, problem) = stage.get(&member_of(1), "/v1/links?state=lost").await;
    assert_eq!(status, 422, "{problem}");
}

#[tokio::test]
async fn a_search_that_no_link_can_match_is_refused() {
    let stage = stage(0).await;
    let path = format!("/v1/links?tag=a%00b&search={}", "x".repeat(201));
    let (status, problem) = stage.get(&member_of(1), &path).await;
    assert_eq!(status, 422);
    assert_eq!(problem["errors"][0]["pointer"], "/tag");
    assert_eq!(problem["errors"][1]["pointer"], "/search");
}

#[tokio::test]
async fn a_link_is_told_with_its_version_and_only_once_to_who_keeps_it() {
    let stage = stage(1).await;
    let path = format!("/v1/links/{}", Uuid::from_u128(1));
    let first = stage.ask(&member_of(1), &path, &[]).await;
    assert_eq!(first.headers()["etag"], "\"7\"");
    assert_eq!(first.headers()["vary"], "authorization, min-position");
    let link = json!({
        "id": Uuid::from_u128(1), "slug": "s1", "domain": "go.example.com",
        "short_url": "https://go.example.com/s1", "target": "https://a.example/50%",
        "status": 302, "forward_query": false, "title": "Sale N°1", "tags": ["odd", "all"],
        "former_slugs": [], "utm": {}, "rules": [], "expires_at": null, "expired_target": null,
        "max_clicks": null, "has_password": false, "notes": null, "state": "open",
        "created_at": "2026-11-21T10:00:00Z",
    });
    assert_eq!(body(first).await, (http::StatusCode::OK, link));
    let again = stage
        .ask(&member_of(1), &path, &[("if-none-match", "\"7\"")])
        .await;
    assert_eq!(again.status(), 304);
    assert_eq!(again.headers()["vary"], "authorization, min-position");
}

#[tokio::test]
async fn another_workspace_sees_nothing_of_it() {
    let stage = stage(1).await;
    let path = format!("/v1/links/{}", Uuid::from_u128(1));
    assert_eq!(stage.get(&member_of(9), &path).await.0, 404);
    assert_eq!(
        stage.get(&member_of(9), "/v1/links").await.1["items"],
        json!([])
    );
    assert_eq!(stage.get(&member_of(1), "/v1/links/no-id").await.0, 404);
}
