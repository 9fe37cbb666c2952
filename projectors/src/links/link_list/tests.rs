//! What each event makes of a link's row.

use events::links::{Label, LinkEvent, Parameter, Route, Rule, Utm, Variant, When};
use events::{Context, Position, Subject};

use crate::testing::{Log, Running, link, one, route, shortened, workspace};

/// The row of the one link there is, as JSON without what the events don't choose.
async fn row(running: &Running, position: Position) -> serde_json::Value {
    running.reach("link_list", position).await;
    let row =
        "select (to_jsonb(it) - 'link_id' - 'workspace_id' - 'created_at')::text from link_list it";
    let text = one::<String>(&running.database, Context::Links, row).await;
    serde_json::from_str(&text.unwrap()).unwrap()
}

async fn projected(log: &Log, link: &Subject, events: &[LinkEvent]) -> serde_json::Value {
    let running = log.project_into(&servers::testing::fresh_database().await);
    let mut position = log.append(link, &shortened("spring")).await;
    for event in events {
        position = log.append(link, event).await;
    }
    let row = row(&running, position).await;
    assert_eq!(row["version"], position.sequence);
    running.stop().await;
    row
}

#[tokio::test]
async fn a_link_is_listed_as_it_was_shortened() {
    let log = Log::new().await;
    let row = projected(&log, &link(workspace()), &[]).await;
    let expected = serde_json::json!({
        "domain": "go.example", "slug": "spring", "former_slugs": [],
        "target": "https://shop.example/", "status": 302, "forward_query": false,
        "utm": {}, "rules": [], "expires_at": null, "expired_target": null, "max_clicks": null,
        "has_password": false, "title": null, "tags": ["mail"], "notes": null,
        "is_archived": false, "version": row["version"],
    });
    assert_eq!(row, expected);
}

#[tokio::test]
async fn a_link_is_listed_as_it_was_changed() {
    let log = Log::new().await;
    let text = |text: &str| Some(text.to_owned());
    let rule = Rule {
        name: "mail".to_owned(),
        when: When {
            query: vec![Parameter {
                name: "ref".to_owned(),
                value: None,
            }],
            ..When::default()
        },
        targets: vec![Variant {
            target: "https://shop.example/mail".to_owned(),
            weight: 2,
        }],
    };
    let events = [
        LinkEvent::Renamed {
            slug: "summer".to_owned(),
            former_slugs: vec!["spring".to_owned()],
        },
        LinkEvent::Retargeted {
            route: Route {
                target: "https://shop.example/summer".to_owned(),
                status: 308,
                forward_query: true,
                utm: Utm {
                    source: text("mail"),
                    ..Utm::default()
                },
                rules: vec![rule],
                expires_at: Some("2026-12-24T18:00:00Z".parse().unwrap()),
                expired_target: text("https://shop.example/over"),
                max_clicks: Some(7),
                password_hash: Some(events::Sealed::new("c2VhbGVk".to_owned())),
            },
        },
        LinkEvent::Relabelled {
            label: Label {
                title: text("Sale"),
                tags: Vec::new(),
                notes: text("a\nb"),
            },
        },
        LinkEvent::Archived {
            slug: "summer".to_owned(),
        },
    ];
    let row = projected(&log, &link(workspace()), &events).await;
    let expected = serde_json::json!({
        "domain": "go.example", "slug": "summer", "former_slugs": ["spring"],
        "target": "https://shop.example/summer", "status": 308, "forward_query": true,
        "utm": { "source": "mail" },
        "rules": [{
            "name": "mail", "when": { "query": [{ "name": "ref" }] },
            "targets": [{ "target": "https://shop.example/mail", "weight": 2 }],
        }],
        "expires_at": "2026-12-24T18:00:00+00:00", "expired_target": "https://shop.example/over",
        "max_clicks": 7, "has_password": true, "title": "Sale", "tags": [], "notes": "a\nb",
        "is_archived": true, "version": row["version"],
    });
    assert_eq!(row, expected);
}

#[tokio::test]
async fn a_link_that_was_restored_is_listed_among_the_open_ones() {
    let log = Log::new().await;
    let slug = || "spring".to_owned();
    let events = [
        LinkEvent::Archived { slug: slug() },
        LinkEvent::Restored { slug: slug() },
    ];
    let row = projected(&log, &link(workspace()), &events).await;
    assert_eq!(row["is_archived"], false);
}

#[tokio::test]
async fn the_rows_of_other_links_stay() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let (first, second) = (link(workspace()), link(workspace()));
    log.append(&first, &shortened("first")).await;
    log.append(&second, &shortened("second")).await;
    let change = LinkEvent::Retargeted { route: route() };
    let archived = LinkEvent::Archived {
        slug: "second".to_owned(),
    };
    log.append(&second, &change).await;
    let last = log.append(&second, &archived).await;
    running.reach("link_list", last).await;
    let open = "select slug from link_list where not is_archived";
    let left = one::<String>(&running.database, Context::Links, open).await;
    assert_eq!(left.as_deref(), Some("first"));
    running.stop().await;
}
