//! The values with the most clicks, against a real Postgres.

use serde_json::{Value, json};

use super::{Given, LINK, OTHER, click, given};
use crate::testing::{Stage, member_of};

const DAYS: &str = "from=2026-11-20T00:00:00Z&to=2026-11-22T00:00:00Z";

async fn ask(stage: &Stage, path: &str) -> Value {
    let (status, body) = stage.get(&member_of(1), &format!("/v1/links/{path}")).await;
    assert_eq!(status, 200, "{body}");
    body["items"].clone()
}

fn item(value: &str, clicks: i64, unique: i64) -> Value {
    let value = Some(value).filter(|it| !it.is_empty());
    json!({ "value": value, "clicks": clicks, "unique": unique })
}

async fn stage() -> Stage {
    let firefox = |visitor, time| Given {
        browser: "Firefox",
        country: "NP",
        visitor: Some(visitor),
        ..click(time)
    };
    let safari = |visitor, time| Given {
        browser: "Safari",
        ..firefox(visitor, time)
    };
    given(&[
        firefox(1, "2026-11-20T00:00Z"),
        firefox(1, "2026-11-20T10:00Z"),
        firefox(2, "2026-11-20T23:45Z"),
        firefox(3, "2026-11-21T08:00Z"),
        safari(4, "2026-11-20T10:15Z"),
        safari(5, "2026-11-21T10:15Z"),
        click("2026-11-21T10:30Z"),
        Given {
            is_bot: true,
            ..safari(6, "2026-11-21T10:45Z")
        },
        Given {
            link: OTHER,
            ..safari(4, "2026-11-20T11:00Z")
        },
    ])
    .await
}

#[tokio::test]
async fn the_most_clicked_come_first_and_what_is_not_known_is_null() {
    let stage = stage().await;
    let browsers = ask(&stage, &format!("{LINK}/stats/browser?{DAYS}")).await;
    let items = [item("Firefox", 4, 3), item("Safari", 2, 2), item("", 1, 0)];
    assert_eq!(browsers, json!(items));
    let first = ask(&stage, &format!("{LINK}/stats/browser?{DAYS}&limit=1")).await;
    assert_eq!(first, json!([item("Firefox", 4, 3)]));
    let bots = ask(&stage, &format!("{LINK}/stats/browser?{DAYS}&bots=only")).await;
    assert_eq!(bots, json!([item("Safari", 1, 1)]));
    let all = ask(&stage, &format!("stats/browser?{DAYS}")).await;
    let items = [item("Firefox", 4, 3), item("Safari", 3, 2), item("", 1, 0)];
    assert_eq!(all, json!(items));
}

#[tokio::test]
async fn parts_of_days_count_from_their_first_quarter_to_their_last() {
    let stage = stage().await;
    for (from, to, items) in [
        (
            "20T00:15",
            "21T08:15",
            vec![item("Firefox", 3, 3), item("Safari", 1, 1)],
        ),
        (
            "20T10:00",
            "20T10:30",
            vec![item("Firefox", 1, 1), item("Safari", 1, 1)],
        ),
        (
            "19T10:00",
            "21T00:00",
            vec![item("Firefox", 3, 2), item("Safari", 1, 1)],
        ),
    ] {
        let span = format!("from=2026-11-{from}:00Z&to=2026-11-{to}:00Z");
        let browsers = ask(&stage, &format!("{LINK}/stats/browser?{span}")).await;
        assert_eq!(browsers, json!(items), "{span}");
    }
}

#[tokio::test]
async fn values_are_counted_among_the_clicks_that_pass_the_filter() {
    let stage = stage().await;
    let countries = ask(
        &stage,
        &format!("{LINK}/stats/country?{DAYS}&browser=Safari"),
    )
    .await;
    assert_eq!(countries, json!([item("NP", 2, 2)]));
    let none = ask(
        &stage,
        &format!("{LINK}/stats/country?{DAYS}&browser=Safari&rule=x"),
    )
    .await;
    assert_eq!(none, json!([]));
    let all = ask(&stage, &format!("stats/country?{DAYS}&browser=Safari")).await;
    assert_eq!(all, json!([item("NP", 3, 2)]));
}

#[tokio::test]
async fn no_other_workspace_sees_them_and_no_other_dimension_exists() {
    let stage = stage().await;
    let path = format!("/v1/links/{LINK}/stats/browser?{DAYS}");
    assert_eq!(stage.get(&member_of(9), &path).await.0, 404);
    let all = format!("/v1/links/stats/browser?{DAYS}");
    assert_eq!(
        stage.get(&member_of(9), &all).await.1,
        json!({ "items": [] })
    );
    let colour = format!("/v1/links/{LINK}/stats/colour?{DAYS}");
    assert_eq!(stage.get(&member_of(1), &colour).await.0, 404);
    for query in ["limit=0", "from=x", "bots=maybe", "country=%00"] {
        let path = format!("/v1/links/stats/browser?{query}");
        assert_eq!(stage.get(&member_of(1), &path).await.0, 422, "{query}");
    }
}

#[tokio::test]
async fn all_that_is_wrong_with_a_question_is_told_at_once() {
    let stage = given(&[]).await;
    let long = "x".repeat(256);
    for (path, pointers) in [
        (
            format!("stats/country?limit=0&city={long}&tag={long}"),
            &["/tag", "/city", "/limit"][..],
        ),
        (
            format!("{LINK}/stats/country?limit=0&city={long}&from=x"),
            &["/city", "/from", "/limit"],
        ),
        (
            format!("stats?interval=year&city={long}&tag={long}"),
            &["/tag", "/city", "/interval"],
        ),
        (
            format!("{LINK}/stats?interval=year&city={long}"),
            &["/city", "/interval"],
        ),
        (format!("clicks?to=x&city={long}"), &["/city", "/to"]),
    ] {
        let path = format!("/v1/links/{path}");
        let (status, problem) = stage.get(&member_of(1), &path).await;
        assert_eq!(status, 422, "{path}: {problem}");
        let faults = problem["errors"].as_array().unwrap().iter();
        let found: Vec<_> = faults.map(|it| it["pointer"].as_str().unwrap()).collect();
        assert_eq!(found, pointers, "{path}");
    }
}
