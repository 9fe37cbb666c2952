//! Totals and series, against a real Postgres.

use serde_json::{Value, json};

use super::{Given, LINK, OTHER, click, given, stage};
use crate::testing::{Stage, member_of};

async fn ask(stage: &Stage, query: &str) -> Value {
    let (status, body) = stage
        .get(&member_of(1), &format!("/v1/links/{LINK}/stats?{query}"))
        .await;
    assert_eq!(status, 200, "{body}");
    body
}

/// Points of clicks of which no visitor is known.
fn series(points: &[(&str, u32)]) -> Value {
    let point =
        |(start, clicks): &(&str, u32)| json!({ "start": start, "clicks": clicks, "unique": 0 });
    points.iter().map(point).collect()
}

#[tokio::test]
async fn days_are_as_long_as_the_clocks_make_them() {
    // On 29 March 2026 Berlin's clocks go forward at 01:00 UTC, on 25 October back.
    let stage = stage(&[
        (LINK, "2026-03-28T23:00Z", false, 1),
        (LINK, "2026-03-29T21:45Z", false, 2),
        (LINK, "2026-03-29T22:00Z", false, 4),
        (LINK, "2026-10-24T22:00Z", false, 8),
        (LINK, "2026-10-25T22:45Z", false, 16),
        (LINK, "2026-10-25T23:00Z", false, 32),
    ])
    .await;
    let spring = "from=2026-03-29T00:00:00%2B01:00&to=2026-03-31T00:00:00%2B02:00&tz=Europe/Berlin";
    let days = [
        ("2026-03-29T00:00:00+01:00", 3),
        ("2026-03-30T00:00:00+02:00", 4),
    ];
    assert_eq!(
        ask(&stage, spring).await,
        json!({ "total": 7, "unique": 0, "series": series(&days) })
    );
    let autumn = "from=2026-10-25T00:00:00%2B02:00&to=2026-10-27T00:00:00%2B01:00&tz=Europe/Berlin";
    let days = [
        ("2026-10-25T00:00:00+02:00", 24),
        ("2026-10-26T00:00:00+01:00", 32),
    ];
    assert_eq!(ask(&stage, autumn).await["series"], series(&days));
}

#[tokio::test]
async fn an_hour_that_comes_twice_counts_twice_and_one_that_is_skipped_not_at_all() {
    let stage = stage(&[
        (LINK, "2026-10-25T00:15Z", false, 1),
        (LINK, "2026-10-25T01:15Z", false, 2),
    ])
    .await;
    let twice = "from=2026-10-25T00:00:00Z&to=2026-10-25T02:00:00Z&interval=hour&tz=Europe/Berlin";
    let hours = [
        ("2026-10-25T02:00:00+02:00", 1),
        ("2026-10-25T02:00:00+01:00", 2),
    ];
    assert_eq!(ask(&stage, twice).await["series"], series(&hours));
    let never = "from=2026-03-29T00:00:00Z&to=2026-03-29T02:00:00Z&interval=hour&tz=Europe/Berlin";
    let hours = [
        ("2026-03-29T01:00:00+01:00", 0),
        ("2026-03-29T03:00:00+02:00", 0),
    ];
    assert_eq!(ask(&stage, never).await["series"], series(&hours));
}

#[tokio::test]
async fn days_of_zones_that_are_off_by_half_or_three_quarters_of_an_hour_begin_there() {
    let stage = stage(&[
        (LINK, "2026-11-20T18:00Z", false, 1),
        (LINK, "2026-11-20T18:15Z", false, 2),
        (LINK, "2026-11-20T18:30Z", false, 4),
    ])
    .await;
    let period = "from=2026-11-20T12:00:00Z&to=2026-11-21T12:00:00Z";
    let days = [
        ("2026-11-20T00:00:00+05:45", 1),
        ("2026-11-21T00:00:00+05:45", 6),
    ];
    let kathmandu = ask(&stage, &format!("{period}&tz=Asia/Kathmandu")).await;
    assert_eq!(
        kathmandu,
        json!({ "total": 7, "unique": 0, "series": series(&days) })
    );
    let days = [
        ("2026-11-20T00:00:00+05:30", 3),
        ("2026-11-21T00:00:00+05:30", 4),
    ];
    assert_eq!(
        ask(&stage, &format!("{period}&tz=Asia/Kolkata")).await["series"],
        series(&days)
    );
}

#[tokio::test]
async fn weeks_begin_on_monday_and_months_on_the_first_and_none_is_left_out() {
    let stage = stage(&[
        // In the first week, but before the period begins: of such clicks every other one is packed.
        (LINK, "2026-10-31T22:45Z", false, 4),
        (LINK, "2026-10-30T10:00Z", false, 4),
        (LINK, "2026-11-30T22:45Z", false, 1),
        (LINK, "2026-11-30T23:00Z", false, 2),
    ])
    .await;
    let period = "from=2026-10-31T23:00:00Z&to=2026-12-31T23:00:00Z&tz=Europe/Berlin";
    let months = [
        ("2026-11-01T00:00:00+01:00", 1),
        ("2026-12-01T00:00:00+01:00", 2),
    ];
    let by_month = ask(&stage, &format!("{period}&interval=month")).await;
    assert_eq!(by_month["series"], series(&months));
    let by_week = ask(&stage, &format!("{period}&interval=week")).await;
    let weeks = by_week["series"].as_array().unwrap();
    assert_eq!(weeks.len(), 10);
    assert_eq!(
        weeks[0],
        json!({ "start": "2026-10-26T00:00:00+01:00", "clicks": 0, "unique": 0 })
    );
    assert_eq!(
        weeks[5],
        json!({ "start": "2026-11-30T00:00:00+01:00", "clicks": 3, "unique": 0 })
    );
}

#[tokio::test]
async fn bots_are_left_out_counted_in_or_looked_at_alone() {
    let bucket = "2026-11-20T18:00Z";
    let stage = stage(&[(LINK, bucket, false, 1), (LINK, bucket, true, 2)]).await;
    let period = "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z";
    for (bots, total) in [
        ("", 1),
        ("&bots=exclude", 1),
        ("&bots=include", 3),
        ("&bots=only", 2),
    ] {
        assert_eq!(
            ask(&stage, &format!("{period}{bots}")).await["total"],
            total,
            "{bots}"
        );
    }
}

#[tokio::test]
async fn a_period_begins_with_its_first_quarter_and_ends_before_its_last() {
    let stage = stage(&[
        (LINK, "2026-11-20T17:45Z", false, 1),
        (LINK, "2026-11-20T18:00Z", false, 2),
        (LINK, "2026-11-20T19:00Z", false, 4),
    ])
    .await;
    let period = "from=2026-11-20T18:00:00Z&to=2026-11-20T19:00:00Z&interval=hour";
    let hours = series(&[("2026-11-20T18:00:00Z", 2)]);
    assert_eq!(
        ask(&stage, period).await,
        json!({ "total": 2, "unique": 0, "series": hours })
    );
}

#[tokio::test]
async fn a_workspace_counts_all_its_links_and_no_other_workspace_sees_them() {
    let bucket = "2026-11-20T18:00Z";
    let stage = stage(&[(LINK, bucket, false, 1), (OTHER, bucket, false, 2)]).await;
    let path = "/v1/links/stats?from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z";
    assert_eq!(stage.get(&member_of(1), path).await.1["total"], 3);
    assert_eq!(stage.get(&member_of(9), path).await.1["total"], 0);
    let (status, _) = stage
        .get(&member_of(9), &format!("/v1/links/{LINK}/stats"))
        .await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_zone_that_does_not_exist_is_told_so() {
    let stage = stage(&[]).await;
    for zone in [
        "Europe/Atlantis",
        "Foo/Bar-3",
        "XYZ3",
        "'; drop table",
        "/",
        "../UTC",
    ] {
        let path = format!("/v1/links/stats?tz={}", zone.replace(' ', "%20"));
        let (status, body) = stage.get(&member_of(1), &path).await;
        assert_eq!(
            (status.as_u16(), &body["errors"][0]["pointer"]),
            (422, &json!("/tz")),
            "{zone}"
        );
    }
}

#[tokio::test]
async fn who_has_the_figures_already_is_told_so() {
    let stage = stage(&[]).await;
    let path = "/v1/links/stats?from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z";
    let first = stage.ask(&member_of(1), path, &[]).await;
    let etag = first.headers()["etag"].to_str().unwrap().to_owned();
    let again = stage
        .ask(&member_of(1), path, &[("if-none-match", &etag)])
        .await;
    assert_eq!(again.status(), 304);
    assert_eq!(again.headers()["etag"], etag.as_str());
}

#[tokio::test]
async fn a_visitor_counts_once_on_a_day_and_in_each_interval_and_again_on_the_next_day() {
    let stage = given(&[
        Given {
            visitor: Some(1),
            ..click("2026-11-20T10:00Z")
        },
        Given {
            visitor: Some(1),
            ..click("2026-11-20T10:20Z")
        },
        Given {
            visitor: Some(1),
            ..click("2026-11-20T11:00Z")
        },
        Given {
            visitor: Some(2),
            ..click("2026-11-20T11:10Z")
        },
        Given {
            visitor: None,
            ..click("2026-11-20T11:10Z")
        },
        // The same person has another hash on another day.
        Given {
            visitor: Some(3),
            ..click("2026-11-21T00:00Z")
        },
    ])
    .await;
    let hours = "from=2026-11-20T10:00:00Z&to=2026-11-20T12:00:00Z&interval=hour";
    let hour =
        |start, clicks, unique| json!({ "start": start, "clicks": clicks, "unique": unique });
    let points = [
        hour("2026-11-20T10:00:00Z", 2, 1),
        hour("2026-11-20T11:00:00Z", 3, 2),
    ];
    assert_eq!(
        ask(&stage, hours).await,
        json!({ "total": 5, "unique": 2, "series": points })
    );
    let days = ask(&stage, "from=2026-11-20T00:00:00Z&to=2026-11-22T00:00:00Z").await;
    assert_eq!((&days["total"], &days["unique"]), (&json!(6), &json!(3)));
}

#[tokio::test]
async fn a_visitor_with_two_devices_is_one_visitor_of_the_day() {
    let on = |device, visitor| Given {
        device,
        visitor: Some(visitor),
        ..click("2026-11-20T10:00Z")
    };
    // Every other one is added up, the others are packed.
    let stage = given(&[
        on("mobile", 1),
        on("desktop", 1),
        on("mobile", 1),
        on("mobile", 1),
        on("other", 1),
        on("other", 2),
    ])
    .await;
    let day = "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z";
    let day = &ask(&stage, day).await["series"][0];
    assert_eq!((&day["clicks"], &day["unique"]), (&json!(6), &json!(2)));
}

#[tokio::test]
async fn the_period_before_is_as_long_and_ends_where_this_one_begins() {
    let stage = given(&[
        Given {
            visitor: Some(1),
            ..click("2026-11-19T23:45Z")
        },
        Given {
            visitor: Some(1),
            ..click("2026-11-20T00:00Z")
        },
        Given {
            visitor: Some(1),
            ..click("2026-11-20T12:00Z")
        },
        Given {
            visitor: Some(2),
            ..click("2026-11-20T23:45Z")
        },
        Given {
            visitor: Some(3),
            ..click("2026-11-21T00:00Z")
        },
    ])
    .await;
    let day = "from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z&compare=previous";
    let compared = ask(&stage, day).await;
    assert_eq!(compared["total"], 1);
    assert_eq!(compared["previous"], json!({ "total": 3, "unique": 2 }));
    let filtered = ask(&stage, &format!("{day}&country=NP")).await;
    assert_eq!(filtered["previous"], json!({ "total": 0, "unique": 0 }));
}

#[tokio::test]
async fn filters_are_combined_and_agree_with_what_is_counted() {
    let nepal = |time| Given {
        country: "NP",
        visitor: Some(1),
        ..click(time)
    };
    let stage = given(&[
        Given {
            browser: "Firefox",
            ..nepal("2026-11-20T10:00Z")
        },
        Given {
            browser: "Firefox",
            is_bot: true,
            ..nepal("2026-11-20T11:00Z")
        },
        Given {
            browser: "Safari",
            ..nepal("2026-11-21T11:00Z")
        },
        Given {
            browser: "Firefox",
            ..click("2026-11-20T12:00Z")
        },
        Given {
            link: OTHER,
            browser: "Firefox",
            ..nepal("2026-11-20T12:00Z")
        },
    ])
    .await;
    let days = "from=2026-11-20T00:00:00Z&to=2026-11-22T00:00:00Z";
    for (filter, total) in [
        ("", 3),
        ("&country=NP", 2),
        ("&country=NP&browser=Firefox", 1),
        ("&country=NP&browser=Firefox&bots=include", 2),
        ("&country=", 1),
        ("&country=DE", 0),
    ] {
        let stats = ask(&stage, &format!("{days}{filter}")).await;
        assert_eq!(stats["total"], total, "{filter}");
    }
    let stats = ask(&stage, &format!("{days}&country=NP")).await;
    let day = |start| json!({ "start": start, "clicks": 1, "unique": 1 });
    let points = [day("2026-11-20T00:00:00Z"), day("2026-11-21T00:00:00Z")];
    assert_eq!(stats["series"], json!(points));
    assert_eq!(stats["unique"], 1);
    let of_all = format!("/v1/links/stats?{days}&country=NP");
    assert_eq!(stage.get(&member_of(1), &of_all).await.1["total"], 3);
    assert_eq!(stage.get(&member_of(9), &of_all).await.1["total"], 0);
}

#[tokio::test]
async fn the_links_under_a_tag_or_on_a_domain_are_counted_alone() {
    let time = "2026-11-20T10:00Z";
    let stage = given(&[
        click(time),
        click(time),
        Given {
            link: OTHER,
            ..click(time)
        },
    ])
    .await;
    let tag = format!("update links.link_list set tags = '{{mail}}' where link_id = '{LINK}'");
    stage.write(tag).await;
    let domain =
        format!("update links.link_list set domain = 'b.example' where link_id = '{OTHER}'");
    stage.write(domain).await;
    let days = "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z";
    for (which, total) in [
        ("", 3),
        ("&tag=mail", 2),
        ("&domain=b.example", 1),
        ("&domain=go.example.com", 2),
        ("&tag=mail&domain=b.example", 0),
        ("&tag=mail&country=", 2),
    ] {
        let path = format!("/v1/links/stats?{days}{which}");
        let (_, stats) = stage.get(&member_of(1), &path).await;
        assert_eq!(stats["total"], total, "{which}");
    }
}
