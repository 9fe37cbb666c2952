//! Series where clocks are changed at an awkward time, against a real Postgres.

use serde_json::{Value, json};
use time::{Date, Month, OffsetDateTime, UtcOffset};

use super::super::clock::{self, Stretch};
use super::super::span::midnight;
use super::{Given, LINK, click, given};
use crate::testing::{Stage, member_of};

/// A click on each time that is given.
async fn clicks(times: &[&str]) -> Stage {
    let clicks: Vec<_> = times.iter().map(|time| desktop(time)).collect();
    given(&clicks).await
}

fn desktop(time: &str) -> Given {
    Given {
        device: "desktop",
        ..click(time)
    }
}

async fn ask(stage: &Stage, query: &str) -> Value {
    let (status, body) = stage
        .get(&member_of(1), &format!("/v1/links/{LINK}/{query}"))
        .await;
    assert_eq!(status, 200, "{query}: {body}");
    body
}

/// The starts and the clicks of a series; they make the total, which is that of a list of values, too.
async fn series(stage: &Stage, query: &str) -> Vec<(String, u64)> {
    let stats = ask(stage, &format!("stats?{query}")).await;
    let point = |point: &Value| {
        let start = point["start"].as_str().unwrap().to_owned();
        (start, point["clicks"].as_u64().unwrap())
    };
    let series: Vec<_> = stats["series"]
        .as_array()
        .unwrap()
        .iter()
        .map(point)
        .collect();
    let total: u64 = series.iter().map(|(_, clicks)| clicks).sum();
    assert_eq!(stats["total"], total, "{query}");
    let devices = ask(stage, &format!("stats/device?{query}")).await;
    assert_eq!(devices["items"][0]["clicks"], total, "{query}");
    let filtered = ask(stage, &format!("stats?{query}&device=desktop")).await;
    assert_eq!(filtered["total"], total, "{query}");
    series
}

fn points(points: &[(&str, u64)]) -> Vec<(String, u64)> {
    let owned = |(start, clicks): &(&str, u64)| ((*start).to_owned(), *clicks);
    points.iter().map(owned).collect()
}

#[tokio::test]
async fn a_day_whose_midnight_comes_twice_begins_with_the_first() {
    // On 25 October 2026, a Sunday, the clocks of the Azores go back from 01:00 to 00:00 at 01:00 UTC.
    let stage = clicks(&[
        "2026-10-25T00:15Z",
        "2026-10-25T01:15Z",
        "2026-10-26T00:45Z",
        "2026-10-26T01:00Z",
    ])
    .await;
    let zone = "tz=Atlantic/Azores&from=2026-10-25T00:00:00Z";
    let day = format!("{zone}&to=2026-10-26T01:00:00Z");
    assert_eq!(
        series(&stage, &day).await,
        points(&[("2026-10-25T00:00:00Z", 3)])
    );
    let days = format!("{zone}&to=2026-10-27T01:00:00Z");
    let both = [
        ("2026-10-25T00:00:00Z", 3),
        ("2026-10-26T00:00:00-01:00", 1),
    ];
    assert_eq!(series(&stage, &days).await, points(&both));
    let weeks = [
        ("2026-10-19T00:00:00Z", 3),
        ("2026-10-26T00:00:00-01:00", 1),
    ];
    let by_week = format!("{days}&interval=week");
    assert_eq!(series(&stage, &by_week).await, points(&weeks));
    let by_month = format!("{days}&interval=month");
    assert_eq!(
        series(&stage, &by_month).await,
        points(&[("2026-10-01T00:00:00Z", 4)])
    );
}

#[tokio::test]
async fn a_month_whose_midnight_comes_twice_begins_with_the_first() {
    // On 1 November 2026, a Sunday, Havana's clocks go back from 01:00 to 00:00 at 05:00 UTC.
    let stage = clicks(&[
        "2026-11-01T03:45Z",
        "2026-11-01T04:15Z",
        "2026-11-01T05:15Z",
        "2026-11-02T05:00Z",
    ])
    .await;
    let zone = "tz=America/Havana&to=2026-11-02T06:00:00Z";
    let days = [
        ("2026-10-31T00:00:00-04:00", 1),
        ("2026-11-01T00:00:00-04:00", 2),
        ("2026-11-02T00:00:00-05:00", 1),
    ];
    let since = |from: &str, interval: &str| format!("{zone}&from={from}&interval={interval}");
    let by_day = since("2026-10-31T04:00:00Z", "day");
    assert_eq!(series(&stage, &by_day).await, points(&days));
    let from_first = since("2026-11-01T04:00:00Z", "day");
    assert_eq!(series(&stage, &from_first).await, points(&days[1..]));
    let from_second = since("2026-11-01T05:00:00Z", "day");
    let cut = [("2026-11-01T00:00:00-04:00", 1), days[2]];
    assert_eq!(series(&stage, &from_second).await, points(&cut));
    let months = [
        ("2026-10-01T00:00:00-04:00", 1),
        ("2026-11-01T00:00:00-04:00", 3),
    ];
    let by_month = since("2026-10-31T04:00:00Z", "month");
    assert_eq!(series(&stage, &by_month).await, points(&months));
    let weeks = [
        ("2026-10-26T00:00:00-04:00", 3),
        ("2026-11-02T00:00:00-05:00", 1),
    ];
    let by_week = since("2026-10-31T04:00:00Z", "week");
    assert_eq!(series(&stage, &by_week).await, points(&weeks));
}

#[tokio::test]
async fn hours_are_as_long_as_clocks_make_them_that_change_by_half_an_hour() {
    // Lord Howe's clocks go back from 02:00 to 01:30 on 5 April 2026, and forward from 02:00 to 02:30 on 4 October.
    let stage = clicks(&[
        "2026-04-04T14:15Z",
        "2026-04-04T14:45Z",
        "2026-04-04T15:15Z",
        "2026-04-04T15:30Z",
        "2026-10-03T15:15Z",
        "2026-10-03T15:45Z",
        "2026-10-03T16:00Z",
    ])
    .await;
    let zone = "tz=Australia/Lord_Howe&interval=hour";
    let back = format!("{zone}&from=2026-04-04T14:00:00Z&to=2026-04-04T16:30:00Z");
    let hours = [
        ("2026-04-05T01:00:00+11:00", 3),
        ("2026-04-05T02:00:00+10:30", 1),
    ];
    assert_eq!(series(&stage, &back).await, points(&hours));
    let forward = format!("{zone}&from=2026-10-03T14:30:00Z&to=2026-10-03T17:00:00Z");
    let hours = [
        ("2026-10-04T01:00:00+10:30", 1),
        ("2026-10-04T02:30:00+11:00", 1),
        ("2026-10-04T03:00:00+11:00", 1),
    ];
    assert_eq!(series(&stage, &forward).await, points(&hours));
}

#[tokio::test]
async fn a_day_whose_midnight_is_skipped_begins_where_the_clocks_go_on() {
    // Beirut's clocks go forward from 00:00 to 01:00 on 29 March 2026, and back from 00:00 to 23:00 on 25 October.
    let stage = clicks(&[
        "2026-03-28T21:45Z",
        "2026-03-28T22:00Z",
        "2026-10-24T20:45Z",
    ])
    .await;
    let zone = "tz=Asia/Beirut";
    let forward = format!("{zone}&from=2026-03-27T22:00:00Z&to=2026-03-29T21:00:00Z");
    let days = [
        ("2026-03-28T00:00:00+02:00", 1),
        ("2026-03-29T01:00:00+03:00", 1),
    ];
    assert_eq!(series(&stage, &forward).await, points(&days));
    let back = format!("{zone}&from=2026-10-23T21:00:00Z&to=2026-10-25T22:00:00Z");
    let days = [
        ("2026-10-24T00:00:00+03:00", 1),
        ("2026-10-25T00:00:00+02:00", 0),
    ];
    assert_eq!(series(&stage, &back).await, points(&days));
}

#[tokio::test]
async fn who_asks_without_clicks_gets_every_start_too() {
    let stage = clicks(&[]).await;
    let hours =
        "stats?from=2026-10-25T00:00:00Z&to=2026-10-25T03:00:00Z&interval=hour&tz=Atlantic/Azores";
    let starts: Vec<_> = ask(&stage, hours).await["series"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["start"].clone())
        .collect();
    let expected = [
        "2026-10-25T00:00:00Z",
        "2026-10-25T00:00:00-01:00",
        "2026-10-25T01:00:00-01:00",
    ];
    assert_eq!(json!(starts), json!(expected));
}

#[tokio::test]
async fn no_change_of_clocks_is_overlooked() {
    let stage = Stage::new().await;
    for (zone, year) in [
        ("Australia/Lord_Howe", 2026),
        // They were changed one minute past midnight.
        ("America/St_Johns", 2006),
        // A day was left out.
        ("Pacific/Apia", 2011),
        // Four times in the year.
        ("Africa/Cairo", 2014),
        ("Etc/UTC", 2026),
    ] {
        let midnight = |year| Date::from_calendar_date(year, Month::January, 1).map(midnight);
        let (from, to) = (midnight(year).unwrap(), midnight(year + 1).unwrap());
        let mut read = stage.admin.acquire().await.unwrap();
        let clock = clock::of(&mut read, zone, from, to).await.unwrap();
        let shown: Vec<(OffsetDateTime, i32)> = sqlx::query_as(
            "select it, extract(epoch from (it at time zone $1) - (it at time zone 'UTC'))::int
               from generate_series($2::timestamptz, $3, interval '15 minutes') as it order by it",
        )
        .bind(zone)
        .bind(from)
        .bind(to)
        .fetch_all(&mut *read)
        .await
        .unwrap();
        let mut stretches: Vec<_> = shown
            .into_iter()
            .map(|(since, seconds)| Stretch {
                since,
                offset: UtcOffset::from_whole_seconds(seconds).unwrap(),
            })
            .collect();
        stretches.dedup_by_key(|it| it.offset);
        assert_eq!(clock, stretches, "{zone}");
        assert_eq!(clock.len() > 1, zone != "Etc/UTC", "{zone}");
    }
}

#[tokio::test]
async fn zones_that_are_named_after_no_place_keep_its_clocks() {
    let stage = clicks(&[]).await;
    let day = "from=2026-07-01T00:00:00Z&to=2026-07-01T00:15:00Z";
    for (zone, start) in [
        ("GMT", "2026-07-01T00:00:00Z"),
        ("CET", "2026-07-01T00:00:00+02:00"),
        ("Japan", "2026-07-01T00:00:00+09:00"),
        ("Singapore", "2026-07-01T00:00:00+08:00"),
        ("EST", "2026-06-30T00:00:00-05:00"),
        ("EST5EDT", "2026-06-30T00:00:00-04:00"),
        ("Etc/GMT-14", "2026-07-01T00:00:00+14:00"),
    ] {
        let stats = ask(&stage, &format!("stats?{day}&tz={zone}")).await;
        assert_eq!(stats["series"][0]["start"], start, "{zone}");
    }
}
