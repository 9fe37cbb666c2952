//! The trail, against a real Postgres.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::testing::{Stage, each, member_of};

const LINK: Uuid = Uuid::from_u128(70);
const KEY: Uuid = Uuid::from_u128(71);

/// Two things at one time in two streams, then one each by a key, by nobody and by the system.
async fn stage() -> Stage {
    let (stage, ada) = (Stage::new().await, member_of(1));
    let user = ada.user;
    let acts = [
        (
            "CORE",
            1,
            "10:00",
            "user",
            user.uuid(),
            format!("'user', '{user}'"),
        ),
        (
            "LINKS",
            1,
            "10:00",
            "link",
            LINK,
            format!("'user', '{user}'"),
        ),
        (
            "LINKS",
            2,
            "11:00",
            "link",
            LINK,
            format!("'api_key', '{KEY}'"),
        ),
        (
            "MEDIA",
            1,
            "12:00",
            "asset",
            LINK,
            "'anonymous', null".to_owned(),
        ),
        (
            "CORE",
            2,
            "13:00",
            "user",
            user.uuid(),
            "'system', null".to_owned(),
        ),
    ];
    for (stream, sequence, time, kind, subject, actor) in acts {
        stage
            .write(format!(
                "insert into core.audit_trail values ('{stream}', {sequence}, '{}', '{}', 'a.b.c.v1',
                 '{kind}', '{subject}', {actor}, '2026-11-21T{time}Z', 'req-{sequence}')",
                Uuid::from_u128(sequence),
                ada.workspace
            ))
            .await;
    }
    stage
}

async fn positions(stage: &Stage, query: &str) -> Vec<Value> {
    let path = format!("/v1/core/audit?{query}");
    let (status, page) = stage.get(&member_of(1), &path).await;
    assert_eq!(status, 200, "{query}: {page}");
    each(&page, "position")
}

#[tokio::test]
async fn what_happened_is_told_newest_first_to_the_workspace_alone() {
    let stage = stage().await;
    let (_, page) = stage.get(&member_of(1), "/v1/core/audit?limit=1").await;
    let newest = json!({
        "position": "CORE:2", "event_id": Uuid::from_u128(2), "type": "a.b.c.v1",
        "subject": { "kind": "user", "id": member_of(1).user },
        "actor": { "kind": "system", "id": null },
        "occurred_at": "2026-11-21T13:00:00Z", "request_id": "req-2",
    });
    assert_eq!(page["items"], json!([newest]));
    let all = ["CORE:2", "MEDIA:1", "LINKS:2", "LINKS:1", "CORE:1"];
    assert_eq!(positions(&stage, "").await, all);
    let (_, page) = stage.get(&member_of(9), "/v1/core/audit").await;
    assert_eq!(page["items"], json!([]));
}

#[tokio::test]
async fn the_cursor_walks_over_every_act_once_also_over_those_of_one_moment() {
    let stage = stage().await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/core/audit?limit=2&to=2026-11-21T13:00:00Z{cursor}");
        let (_, page) = stage.get(&member_of(1), &path).await;
        seen.push(each(&page, "position"));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, [["MEDIA:1", "LINKS:2"], ["LINKS:1", "CORE:1"]]);
}

#[tokio::test]
async fn the_trail_is_narrowed_by_what_by_whom_and_by_when() {
    let stage = stage().await;
    let user = member_of(1).user;
    for (query, expected) in [
        (
            format!("subject={LINK}"),
            &["MEDIA:1", "LINKS:2", "LINKS:1"][..],
        ),
        (format!("subject=asset:{LINK}"), &["MEDIA:1"]),
        (format!("subject=session:{LINK}"), &[]),
        (format!("subject=domains:{LINK}"), &[]),
        (format!("actor={KEY}"), &["LINKS:2"]),
        (format!("actor=user:{KEY}"), &[]),
        (
            format!("actor=user:{user}&subject=user:{user}"),
            &["CORE:1"],
        ),
        ("actor=anonymous".to_owned(), &["MEDIA:1"]),
        ("actor=system".to_owned(), &["CORE:2"]),
        (
            "from=2026-11-21T11:00:00Z&to=2026-11-21T13:00:00Z".to_owned(),
            &["MEDIA:1", "LINKS:2"],
        ),
    ] {
        assert_eq!(positions(&stage, &query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once() {
    let stage = Stage::new().await;
    let wrong = "subject=click:1&actor=nobody&from=yesterday&to=-9999-01-01T00:00:00Z&limit=0";
    let path = format!("/v1/core/audit?{wrong}");
    let (status, problem) = stage.get(&member_of(1), &path).await;
    assert_eq!(status, 422, "{problem}");
    let pointers: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["pointer"].clone())
        .collect();
    assert_eq!(pointers, ["/subject", "/actor", "/from", "/to", "/limit"]);
    let strange = service::page::encode(&("-009999-01-01T00:00:00Z", "\0", 1));
    for cursor in ["x", strange.as_str()] {
        let path = format!("/v1/core/audit?cursor={cursor}");
        assert_eq!(stage.get(&member_of(1), &path).await.0, 400, "{cursor}");
    }
}
