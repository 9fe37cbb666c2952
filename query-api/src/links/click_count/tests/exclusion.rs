//! What does not count, against a real Postgres.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Given, LINK, WORKSPACE, click, given};
use crate::testing::{Stage, each, member_of};

const LIST: &str = "/v1/links/exclusions";

async fn told(stage: &Stage, path: &str) -> Value {
    let (status, answer) = stage.get(&member_of(1), path).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

async fn exclude(stage: &Stage, number: u128, values: &str) {
    let id = Uuid::from_u128(number);
    stage
        .write(format!(
            "insert into links.click_exclusion values ('{id}', '{WORKSPACE}', {values})"
        ))
        .await;
}

/// Of four clicks the newest and the one before the last are excluded, and counted nowhere.
async fn stage() -> Stage {
    let ne = |time| Given {
        country: "NE",
        ..click(time)
    };
    let np = |time| Given {
        country: "NP",
        ..click(time)
    };
    let stage = given(&[
        np("2026-11-20T10:00Z"),
        ne("2026-11-20T10:01Z"),
        np("2026-11-20T10:02Z"),
        np("2026-11-20T10:03Z"),
    ])
    .await;
    let mark =
        "update links.click_record set is_excluded = true, network = -1 where sequence in (1, 3)";
    stage.write(mark.to_owned()).await;
    stage
}

#[tokio::test]
async fn a_filter_counts_only_what_is_not_excluded() {
    let stage = stage().await;
    let span = "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z";
    for (country, total) in [("NP", 2), ("NE", 0)] {
        let path = format!("/v1/links/{LINK}/stats?{span}&country={country}");
        assert_eq!(told(&stage, &path).await["total"], total, "{country}");
    }
    let part = "from=2026-11-20T09:30:00Z&to=2026-11-20T11:00:00Z";
    let top = format!("/v1/links/stats/country?{part}");
    let items = told(&stage, &top).await["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 1);
    assert_eq!(
        (&items[0]["value"], &items[0]["clicks"]),
        (&json!("NP"), &json!(2))
    );
}

#[tokio::test]
async fn raw_clicks_tell_whether_they_are_excluded_and_of_which_network_they_are() {
    let stage = stage().await;
    for (asked, marks) in [
        ("", vec![true, false, true, false]),
        ("?excluded=true", vec![true, true]),
        ("?excluded=false", vec![false, false]),
    ] {
        let page = told(&stage, &format!("/v1/links/{LINK}/clicks{asked}")).await;
        assert_eq!(each(&page, "excluded"), marks, "{asked}");
    }
    let page = told(&stage, "/v1/links/clicks?excluded=true").await;
    assert_eq!(page["items"][0]["network"], "ffffffffffffffff");
    let path = format!("/v1/links/{LINK}/clicks/export?format=ndjson&excluded=true");
    let response = stage.ask(&member_of(1), &path, &[]).await;
    let file = axum::body::to_bytes(response.into_body(), 1 << 16).await;
    let file = String::from_utf8(file.unwrap().to_vec()).unwrap();
    assert_eq!(file.lines().count(), 2);
}

#[tokio::test]
async fn exclusions_are_told_newest_first_with_how_many_clicks_fit() {
    let stage = Stage::new().await;
    let farm = "null, '2026-11-20T10:00Z', null, 255, '', null, null, false, 'a farm', now(), 7";
    exclude(&stage, 1, farm).await;
    let of_link = format!("'{LINK}', null, null, null, null, null, null, null, null, now(), 0");
    exclude(&stage, 2, &of_link).await;
    let page = told(&stage, &format!("{LIST}?limit=1")).await;
    assert_eq!(page["items"][0]["link_id"], json!(LINK));
    let cursor = page["next_cursor"].as_str().unwrap();
    let mut page = told(&stage, &format!("{LIST}?cursor={cursor}")).await;
    let created_at = page["items"][0]["created_at"].take();
    assert!(created_at.is_string());
    assert_eq!(
        page["items"],
        json!([{
            "id": Uuid::from_u128(1), "link_id": null, "from": "2026-11-20T10:00:00Z", "to": null,
            "network": "00000000000000ff", "browser": "", "os": null, "device": null,
            "is_bot": false, "reason": "a farm", "created_at": null, "clicks": 7,
        }])
    );
}

#[tokio::test]
async fn another_workspaces_exclusions_are_not_told() {
    let stage = Stage::new().await;
    exclude(
        &stage,
        1,
        "null, null, null, 1, null, null, null, null, null, now(), 0",
    )
    .await;
    let (_, page) = stage.get(&member_of(2), LIST).await;
    assert_eq!(page["items"], json!([]));
}
