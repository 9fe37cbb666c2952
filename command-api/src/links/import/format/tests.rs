//! Small files in the columns of each product.

use serde_json::{Map, Value, json};
use service::body::Faults;

use super::super::From;
use super::super::record::Record;
use super::{Brought, slug_of};

/// What a line of CSV tells, and where its faults are.
fn csv(from: From, head: &[&str], cells: &[&str]) -> (Brought, Vec<String>) {
    let columns: Vec<_> = head.iter().map(|it| from.name(it)).collect();
    for names in from.needed() {
        let is_there = names.iter().any(|it| columns.iter().any(|is| is == it));
        assert!(is_there, "{names:?} in {columns:?}");
    }
    let cells = cells.iter().map(|it| (*it).to_owned()).collect();
    read(from, Record::of_cells(&columns, cells), true)
}

fn json_line(from: From, line: Value) -> (Brought, Vec<String>) {
    let object: Map<String, Value> = serde_json::from_value(line).unwrap();
    let values = object.into_iter();
    let record = Record::new(values.map(|(name, value)| (from.name(&name), value)));
    read(from, record, false)
}

fn read(from: From, record: Record, is_csv: bool) -> (Brought, Vec<String>) {
    let mut faults = Faults::default();
    let brought = from.read(record, is_csv, &mut faults);
    let faults = faults.into_list().into_iter();
    (brought, faults.map(|it| it.pointer).collect())
}

/// Target and slug.
fn led(brought: &Brought) -> (&str, Option<&str>) {
    (&brought.body.target, brought.body.slug.as_deref())
}

#[test]
fn a_slug_is_what_follows_the_host() {
    for (url, slug) in [
        ("https://dub.sh/spring", Some("spring")),
        ("bit.ly/3AbC?x=1", Some("3AbC")),
        ("http://s.example/caf%C3%A9/", Some("café")),
        ("https://s.example/", None),
        ("s.example", None),
    ] {
        assert_eq!(slug_of(url).as_deref(), slug, "{url}");
    }
}

#[test]
fn dubs_dashboard_and_its_api_are_read() {
    let head = [
        "Short link",
        "Destination URL",
        "Clicks",
        "Created at",
        "Tags",
    ];
    let cells = [
        "https://dub.sh/a",
        "https://x.example/",
        "3",
        "2025",
        "one, two",
    ];
    let (brought, _) = csv(From::Dub, &head, &cells);
    assert_eq!(led(&brought), ("https://x.example/", Some("a")));
    assert_eq!(brought.body.tags, ["one", "two"]);
    let line = json!({
        "domain": "dub.sh", "key": "b", "url": "https://x.example/", "archived": true,
        "expiresAt": "2030-01-01T00:00:00.000Z", "password": "secret", "comments": "old",
        "tags": [{ "id": "tag_1", "name": "one", "color": "red" }, { "id": "tag_2", "name": "two", "color": "blue" }],
        "utm_source": "mail", "utm_medium": "post", "utm_campaign": "spring", "utm_term": null, "utm_content": "top",
    });
    let (brought, faults) = json_line(From::Dub, line);
    assert_eq!(led(&brought), ("https://x.example/", Some("b")));
    assert!(brought.is_archived && brought.has_password && faults.is_empty());
    assert_eq!(brought.body.notes.unwrap(), "old");
    assert_eq!(brought.body.tags, ["one", "two"]);
    assert_eq!(
        serde_json::to_value(brought.body.utm).unwrap(),
        json!({ "source": "mail", "medium": "post", "campaign": "spring", "term": null, "content": "top" })
    );
    assert_eq!(
        brought.body.expires_at.unwrap().to_string(),
        "2030-01-01T00:00:00Z"
    );
}

#[test]
fn shlinks_file_is_read_of_old_and_of_now() {
    let head = [
        "createdAt",
        "domain",
        "shortCode",
        "shortUrl",
        "longUrl",
        "title",
        "tags",
        "visits",
    ];
    let cells = [
        "2024-01-01T00:00:00+00:00",
        "s.test",
        "a",
        "https://s.test/a",
        "https://x.example/",
        "A, b",
        "one|two",
        "3",
    ];
    let (brought, _) = csv(From::Shlink, &head, &cells);
    assert_eq!(led(&brought), ("https://x.example/", Some("a")));
    assert_eq!(brought.body.title.unwrap(), "A, b");
    assert_eq!(brought.body.tags, ["one", "two"]);
    let head = [
        "createdAt",
        "shortUrl",
        "longUrl",
        "title",
        "tags",
        "visits",
    ];
    let cells = [
        "2022",
        "https://s.test/b",
        "https://x.example/",
        "",
        "one,two",
        "3",
    ];
    let (brought, _) = csv(From::Shlink, &head, &cells);
    assert_eq!(led(&brought), ("https://x.example/", Some("b")));
    assert_eq!(brought.body.title, None);
}

#[test]
fn kutts_links_are_read_and_those_that_it_banned_are_not() {
    let line = |password: bool, banned: bool| {
        json!({
            "id": "0", "address": "a", "target": "https://x.example/", "description": "Mine",
            "banned": banned, "password": password, "expire_in": null, "visit_count": 3,
            "link": { "link": "kutt.it/a", "url": "https://kutt.it/a" },
        })
    };
    let (brought, faults) = json_line(From::Kutt, line(false, false));
    assert_eq!(led(&brought), ("https://x.example/", Some("a")));
    assert_eq!(brought.body.notes.as_deref(), Some("Mine"));
    assert!(!brought.has_password && faults.is_empty());
    let (brought, faults) = json_line(From::Kutt, line(true, true));
    assert!(brought.has_password);
    assert_eq!(faults, ["/banned"]);
    let cells = ["https://x.example/", "b", "tomorrow", "t"];
    let (_, faults) = csv(
        From::Kutt,
        &["target", "address", "expire_in", "banned"],
        &cells,
    );
    assert_eq!(faults, ["/banned", "/expires_at"]);
}

#[test]
fn yourls_plugin_and_table_are_read() {
    let head = ["source", "target", "hits"];
    let (brought, _) = csv(From::Yourls, &head, &["/a/", "https://x.example/", "3"]);
    assert_eq!(led(&brought), ("https://x.example/", Some("a")));
    let head = ["keyword", "url", "title", "timestamp", "ip", "clicks"];
    let cells = [
        "b",
        "https://x.example/",
        "B",
        "2020-01-01 00:00:00",
        "::1",
        "3",
    ];
    let (brought, _) = csv(From::Yourls, &head, &cells);
    assert_eq!(led(&brought), ("https://x.example/", Some("b")));
    assert_eq!(brought.body.title.as_deref(), Some("B"));
}

#[test]
fn bitlys_custom_back_half_leads_and_so_does_the_drawn_one() {
    let head = ["Link", "Custom Link", "Destination URL"];
    let cells = [
        "https://bit.ly/3xY",
        "https://bit.ly/mine",
        "https://x.example/",
    ];
    let (brought, _) = csv(From::Bitly, &head, &cells);
    assert_eq!(led(&brought), ("https://x.example/", Some("mine")));
    assert_eq!(brought.former_slugs, ["3xY"]);
    let (brought, _) = csv(
        From::Bitly,
        &head,
        &["bit.ly/3xY", "", "https://x.example/"],
    );
    assert_eq!(led(&brought), ("https://x.example/", Some("3xY")));
    assert!(brought.former_slugs.is_empty());
}

#[test]
fn a_file_of_ones_own_tells_all_and_what_it_cannot_be_is_a_fault() {
    let head = ["target", "status", "tags", "title", "state", "has_password"];
    let cells = [
        "https://x.example/",
        "301",
        r#"["a,b"]"#,
        "=1",
        "archived",
        "true",
    ];
    let (brought, faults) = csv(From::Millrace, &head, &cells);
    assert_eq!(brought.body.status, 301);
    assert_eq!(brought.body.tags, ["a,b"]);
    assert_eq!(brought.body.title.unwrap(), "=1");
    assert!(brought.is_archived && brought.has_password && faults.is_empty());
    let cells = ["https://x.example/", "x", "a,b", "", "", ""];
    let (_, mut faults) = csv(From::Millrace, &head, &cells);
    faults.sort();
    assert_eq!(faults, ["/status", "/tags"]);
    let strange = json!({ "target": "https://x.example/", "colour": "red" });
    assert_eq!(json_line(From::Millrace, strange).1, [""]);
}
