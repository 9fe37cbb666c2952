//! Raw clicks, page by page, against a real Postgres.

use serde_json::{Value, json};

use super::{Given, LINK, OTHER, click, given};
use crate::testing::{Stage, each, member_of};

async fn pages(stage: &Stage, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/links/{path}{cursor}");
        let (status, page) = stage.get(&member_of(1), &path).await;
        assert_eq!(status, 200, "{page}");
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else {
            return items;
        };
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test]
async fn every_click_is_told_once_newest_first_also_of_the_same_moment() {
    let stage = given(&[
        click("2026-11-20T10:00Z"),
        click("2026-11-21T10:00Z"),
        click("2026-11-21T10:00Z"),
        click("2026-10-01T10:00Z"),
        Given {
            link: OTHER,
            ..click("2026-11-21T09:00Z")
        },
        Given {
            is_bot: true,
            ..click("2026-11-20T11:00Z")
        },
    ])
    .await;
    let ids = |items: Vec<Value>| -> Vec<u64> {
        let id = |it: &Value| {
            it["id"]
                .as_str()
                .unwrap()
                .rsplit('-')
                .next()
                .unwrap()
                .to_owned()
        };
        items
            .iter()
            .map(|it| u64::from_str_radix(&id(it), 16).unwrap())
            .collect()
    };
    let of_link = format!("{LINK}/clicks?limit=1");
    assert_eq!(ids(pages(&stage, &of_link).await), [2, 1, 0, 3]);
    assert_eq!(ids(pages(&stage, "clicks?limit=2").await), [2, 1, 4, 0, 3]);
    let with_bots = pages(&stage, "clicks?limit=3&bots=include").await;
    assert_eq!(ids(with_bots), [2, 1, 4, 5, 0, 3]);
    let november = "clicks?limit=1&from=2026-11-20T00:00:00Z&to=2026-11-21T10:00:00Z";
    assert_eq!(ids(pages(&stage, november).await), [4, 0]);
}

#[tokio::test]
async fn clicks_are_told_of_the_links_with_a_tag_or_on_a_domain() {
    let on = |link, minute: u8| Given {
        link,
        ..click(&format!("2026-11-20T10:{minute:02}Z"))
    };
    let stage = given(&[on(LINK, 1), on(OTHER, 2), on(LINK, 3)]).await;
    for (link, domain, tags) in [
        (LINK, "a.example", "{mail}"),
        (OTHER, "b.example", "{mail,x}"),
    ] {
        let change = format!(
            "update links.link_list set domain = '{domain}', tags = '{tags}' where link_id = '{link}'"
        );
        stage.write(change).await;
    }
    let links = async |path: &str| -> Vec<Value> {
        let items = pages(&stage, path).await;
        items.iter().map(|it| it["link_id"].clone()).collect()
    };
    let (one, other) = (json!(LINK), json!(OTHER));
    let both = [one.clone(), other.clone(), one.clone()];
    assert_eq!(links("clicks?limit=2&tag=mail").await, both);
    assert_eq!(
        links("clicks?limit=1&domain=a.example").await,
        [one.clone(), one]
    );
    assert_eq!(links("clicks?limit=1&tag=x").await, [other]);
    assert!(
        links("clicks?limit=1&tag=x&domain=a.example")
            .await
            .is_empty()
    );
    let (status, refused) = stage.get(&member_of(1), "/v1/links/clicks?tag=%00").await;
    assert_eq!(
        (status.as_u16(), &refused["errors"][0]["pointer"]),
        (422, &json!("/tag"))
    );
    let file = stage
        .ask(
            &member_of(1),
            "/v1/links/clicks/export?tag=x&format=ndjson",
            &[],
        )
        .await;
    let file = axum::body::to_bytes(file.into_body(), 1 << 20)
        .await
        .unwrap();
    let lines: Vec<Value> = file
        .split(|it| *it == b'\n')
        .filter(|it| !it.is_empty())
        .map(|it| serde_json::from_slice(it).unwrap())
        .collect();
    assert_eq!(
        lines.iter().map(|it| &it["link_id"]).collect::<Vec<_>>(),
        [&json!(OTHER)]
    );
}

#[tokio::test]
async fn a_click_is_told_with_all_that_is_known() {
    let stage = given(&[Given {
        country: "NP",
        browser: "Firefox",
        visitor: Some(255),
        ..click("2026-11-20T10:00Z")
    }])
    .await;
    let (_, page) = stage
        .get(&member_of(1), "/v1/links/clicks?country=NP")
        .await;
    assert_eq!(
        page["items"][0],
        json!({
            "id": "00000000-0000-0000-0000-000000000000", "link_id": LINK, "slug": "s",
            "occurred_at": "2026-11-20T10:00:00Z", "country": "NP", "city": null, "referrer": null,
            "browser": "Firefox", "os": null, "device": null, "is_bot": false,
            "visitor": "00000000000000ff", "network": null, "rule": null, "variant": null, "utm_source": null,
            "utm_medium": null, "utm_campaign": null, "excluded": false,
        })
    );
    let (_, none) = stage
        .get(&member_of(1), "/v1/links/clicks?country=DE")
        .await;
    assert_eq!(each(&none, "id"), Vec::<Value>::new());
    let (_, none) = stage.get(&member_of(9), "/v1/links/clicks").await;
    assert_eq!(each(&none, "id"), Vec::<Value>::new());
    let path = format!("/v1/links/{LINK}/clicks");
    assert_eq!(stage.get(&member_of(9), &path).await.0, 404);
    let (status, _) = stage.get(&member_of(1), &format!("{path}?cursor=x")).await;
    assert_eq!(status, 400);
}
