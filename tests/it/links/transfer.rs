//! Links leave as a file, and come back from one.

use events::StreamName;
use millrace::system::Processes;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stack::{Answer, Person, Stack};

const CSV: &str = "text/csv";
const NDJSON: &str = "application/x-ndjson";

/// The workspace's links as a file, archived ones among them.
async fn exports(person: &Person, format: &str) -> String {
    let path = format!("/v1/links/export?state=all&format={format}");
    let answer = person.reads(&path).await.is(200);
    text(answer.body)
}

/// What was answered; a single line of it is JSON, too.
fn text(body: Value) -> String {
    if let Value::String(text) = body {
        text
    } else {
        body.to_string()
    }
}

/// Sends a file, and answers the lines of the report.
async fn imports(person: &Person, query: &str, media_type: &str, file: String) -> Vec<Value> {
    let request = person.request(Method::POST, &format!("/v1/links/import?{query}"));
    let request = request.header("content-type", media_type).body(file);
    let answer = Answer::read(request.send().await.unwrap()).await.is(200);
    assert_eq!(answer.header("content-type"), NDJSON);
    let lines: Vec<Value> = text(answer.body)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    if let Some(position) = lines.last().unwrap()["done"]["position"].as_str() {
        person.has_seen(position.parse().unwrap());
    }
    lines
}

/// How often each thing became of a line: made, there already, taken, refused.
fn tally(report: &[Value]) -> [u64; 4] {
    let done = &report.last().unwrap()["done"];
    ["made", "there_already", "taken", "refused"]
        .map(|name| done[name].as_u64().unwrap_or_else(|| panic!("{report:#?}")))
}

/// What became of each line.
fn statuses(report: &[Value]) -> Vec<(u64, &str)> {
    let lines = report.iter().filter(|it| it["line"].is_u64());
    lines
        .map(|it| (it["line"].as_u64().unwrap(), it["status"].as_str().unwrap()))
        .collect()
}

/// The links, in their order, without what another system gives them.
fn links(ndjson: &str) -> Vec<Value> {
    let own = ["id", "domain", "short_url", "created_at"];
    ndjson
        .lines()
        .map(|line| {
            let mut link: Value = serde_json::from_str(line).unwrap();
            for name in own {
                link.as_object_mut().unwrap().remove(name).unwrap();
            }
            link
        })
        .collect()
}

fn wish(number: usize) -> Value {
    json!({
        "target": format!("https://example.com/{number}?q=a,b"),
        "slug": format!("s{number}"),
        "title": format!("=SUM({number}), \"so\""),
        "notes": "@one\n-two,\n\n+three",
        "tags": ["a,b", format!("t{}", number % 7)],
        "status": 301,
        "forward_query": number.is_multiple_of(2),
        "utm": { "source": "mail" },
        "expires_at": "2099-01-01T00:00:00Z",
        "expired_target": "https://example.com/over",
        "max_clicks": number + 1,
        "rules": [{
            "name": "nepal",
            "when": { "countries": ["NP"], "until": "2090-01-01T00:00:00Z" },
            "targets": [{ "target": "https://example.com/np", "weight": 3 }],
        }],
    })
}

async fn has_links(person: &Person, count: usize) {
    let wishes: Vec<_> = (0..count).map(wish).collect();
    for part in wishes.chunks(400) {
        let body = json!({ "links": part });
        person.writes("/v1/links/bulk", &body).await.is(201);
    }
    let first = person.reads("/v1/links?search=/0?q").await.is(200).body["items"][0].clone();
    let path = format!("/v1/links/{}", first["id"].as_str().unwrap());
    let renamed = person
        .asks(Method::PATCH, &path, &json!({ "slug": "renamed" }))
        .await
        .is(200);
    person.has_seen(renamed.position());
    let archived = person.deletes(&path).await.is(204);
    person.has_seen(archived.position());
}

#[tokio::test]
async fn what_is_exported_is_imported_elsewhere_as_it_was() {
    const COUNT: usize = 1_200;
    let here = Stack::start().await;
    let ada = here.person("ada").await;
    has_links(&ada, COUNT).await;
    let (csv, ndjson) = (exports(&ada, "csv").await, exports(&ada, "ndjson").await);
    assert_eq!(links(&ndjson).len(), COUNT);
    let count = u64::try_from(COUNT).unwrap();
    for (media_type, file) in [(CSV, csv), (NDJSON, ndjson.clone())] {
        let there = Stack::start().await;
        let bob = there.person("bob").await;
        let before = there.log().await.last(StreamName::Links).await;
        let tried = imports(&bob, "dry_run=true", media_type, file.clone()).await;
        assert_eq!(tally(&tried), [count, 0, 0, 0]);
        assert_eq!(there.log().await.last(StreamName::Links).await, before);

        let report = imports(&bob, "", media_type, file.clone()).await;
        assert_eq!(tally(&report), [count, 0, 0, 0]);
        assert_eq!(statuses(&report), statuses(&tried));
        assert_eq!(links(&exports(&bob, "ndjson").await), links(&ndjson));

        let last = there.log().await.last(StreamName::Links).await;
        let again = imports(&bob, "", media_type, file.clone()).await;
        assert_eq!(tally(&again), [0, count, 0, 0]);
        let cyd = there.person("cyd").await;
        let strange = imports(&cyd, "", media_type, file).await;
        assert_eq!(tally(&strange), [0, 0, count, 0]);
        assert_eq!(there.log().await.last(StreamName::Links).await, last);
        there.finish().await;
    }
    here.finish().await;
}

#[tokio::test]
async fn every_line_is_told_and_the_good_ones_are_made() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let taken = json!({ "target": "https://example.com/", "slug": "taken" });
    ada.asks_to_shorten(&taken).await.is(201);
    let file = "target,slug,notes,has_password\r\n\
        https://example.com/a,a,\"one\r\ntwo\",false\r\n\
        nowhere,b/c,,\r\n\
        https://example.com/other,TAKEN,,\r\n\
        https://example.com/,taken,,\r\n\
        https://example.com/a,A,,\r\n\
        https://example.com/z,a,,\r\n\
        https://example.com/p,p,,true\r\n\
        https://example.com/short\r\n\
        https://example.com/d,d,,";
    let expected = [
        (2, "made"),
        (4, "refused"),
        (5, "slug_taken"),
        (6, "there_already"),
        (7, "there_already"),
        (8, "slug_taken"),
        (9, "refused"),
        (10, "refused"),
        (11, "made"),
    ];
    for query in ["dry_run=true", ""] {
        let report = imports(&ada, query, CSV, file.to_owned()).await;
        assert_eq!(statuses(&report), expected, "{query:?}");
        let pointers: Vec<_> = report[1]["errors"].as_array().unwrap().iter().collect();
        assert_eq!(pointers[0]["pointer"], "/slug");
        assert_eq!(pointers[1]["pointer"], "/target");
        assert_eq!(report[6]["errors"][0]["pointer"], "/has_password");
    }
    stack.visitor().opens_slug("d").await.is(302);
    stack.finish().await;
}

#[tokio::test]
async fn files_of_other_products_are_taken_over_with_their_slugs() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    for (from, media_type, file) in [
        (
            "dub",
            CSV,
            "Short link,Destination URL,Clicks\nhttps://dub.sh/dub,https://example.com/dub,3\n",
        ),
        (
            "shlink",
            CSV,
            "createdAt,domain,shortCode,shortUrl,longUrl,title,tags,visits\n2024,s.test,shlink,https://s.test/shlink,https://example.com/shlink,\u{200f}Sale,a|b,1\n",
        ),
        (
            "kutt",
            NDJSON,
            "{\"address\":\"kutt\",\"target\":\"https://example.com/kutt\",\"password\":false,\"banned\":false}\n",
        ),
        (
            "yourls",
            CSV,
            "source,target,hits\r\n/yourls/,https://example.com/yourls,2\r\n",
        ),
        (
            "bitly",
            CSV,
            "Link,Custom Link,Destination URL\nbit.ly/3xY,bit.ly/bitly,https://example.com/bitly\n",
        ),
    ] {
        let report = imports(&ada, &format!("from={from}"), media_type, file.to_owned()).await;
        assert_eq!(tally(&report), [1, 0, 0, 0], "{from}: {report:#?}");
        if from == "shlink" {
            assert_eq!(report[0]["warnings"][0]["pointer"], "/title");
        }
        let led = stack.visitor().opens_slug(from).await.is(302);
        assert_eq!(
            led.header("location"),
            format!("https://example.com/{from}")
        );
    }
    let led = stack.visitor().opens_slug("3xY").await.is(302);
    assert_eq!(led.header("location"), "https://example.com/bitly");
    stack.finish().await;
}

#[tokio::test]
async fn a_file_of_another_kind_is_refused_before_anything_is_made() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let sends = async |query: &str, media_type: &str, file: &'static str| {
        let request = ada.request(Method::POST, &format!("/v1/links/import?{query}"));
        let request = request.header("content-type", media_type).body(file);
        Answer::read(request.send().await.unwrap()).await
    };
    let json = sends("", "application/json", "[]").await;
    json.refuses(415, "unsupported_media_type");
    sends("from=dub", CSV, "a,b\n1,2\n")
        .await
        .refuses(422, "validation");
    sends("from=nobody", CSV, "a,b\n")
        .await
        .refuses(422, "validation");
    sends("", CSV, "").await.refuses(422, "validation");
    stack.finish().await;
}

#[tokio::test]
async fn an_import_waits_where_its_workspace_makes_too_many_links() {
    let stack = Stack::limited_to("creation-workspace=500/3", &[Processes::ALL]).await;
    let ada = stack.person("ada").await;
    let target = |number| format!("https://example.com/{number}\n");
    let file = (0..1_100).map(target).collect::<String>();
    let report = imports(&ada, "", CSV, format!("target\n{file}")).await;
    assert_eq!(tally(&report), [1_100, 0, 0, 0]);
    // Three windows are needed, so that at least one step was told twice to have been the last.
    let told = report
        .iter()
        .filter_map(|it| it["progress"]["lines"].as_u64());
    let told: Vec<_> = told.collect();
    assert!(told.windows(2).any(|it| it[0] == it[1]), "{told:?}");
    stack.finish().await;
}
