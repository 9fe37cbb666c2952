//! Bodies: no JSON, not the JSON that was asked for, or with something hostile in it.

use serde_json::{Value, json};

use super::{Hostile, are_told, post};
use crate::stack::{PASSWORD, Person, Stack};

const LINKS: &str = "/v1/links";
const TARGET: &str = "https://example.com";

#[tokio::test]
async fn what_is_not_the_json_that_was_asked_for_is_refused() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let hostile = |what, body: &str, status, error| {
        Hostile::new(what, post(&ada, LINKS, body.to_owned()), status, error)
    };
    let deep = format!(
        r#"{{"target":{}{}}}"#,
        "[".repeat(30_000),
        "]".repeat(30_000)
    );
    let twice = r#"{"target":"https://a.example","target":"https://b.example"}"#;
    let unknown = r#"{"target":"https://a.example","colour":"red"}"#;
    let requests = vec![
        hostile("nothing", "", 400, "malformed_json"),
        hostile("half an object", r#"{"target":"#, 400, "malformed_json"),
        hostile(
            "two objects",
            r#"{"target":"https://a.example"}{}"#,
            400,
            "malformed_json",
        ),
        hostile(
            "no UTF-8 escape",
            r#"{"target":"\ud800"}"#,
            400,
            "malformed_json",
        ),
        hostile("an abyss", &deep, 422, "validation").at(&["/target"]),
        hostile("an array", "[]", 422, "validation").at(&[""]),
        hostile("an empty object", "{}", 422, "validation").at(&[""]),
        hostile("an unknown field", unknown, 422, "validation").at(&["/colour"]),
        hostile("one field twice", twice, 422, "validation").at(&[""]),
    ];
    are_told(&stack, requests).await;
    stack.finish().await;
}

#[tokio::test]
async fn a_link_with_a_fault_is_refused_with_the_place_of_the_fault() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let mut requests = Vec::new();
    for target in [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//example.com",
        "example.com",
        "",
        "https://",
        "https://ada:secret@example.com",
        "http://localhost:3000/",
        "http://2130706433/",
        "http://[::ffff:169.254.169.254]/",
        "https://example.com/\u{0}",
        "https://example.com/\u{202e}gpj.exe",
        "https://example.com/\r\nSet-Cookie: a=b",
    ] {
        requests.push(shortening(&ada, &json!({ "target": target })).at(&["/target"]));
    }
    let overlong = format!("{TARGET}/{}", "a".repeat(2_048));
    requests.push(shortening(&ada, &json!({ "target": overlong })).at(&["/target"]));
    let mebi = "a".repeat(60_000);
    for slug in [
        "",
        "a/b",
        "a b",
        "a+",
        "pаypal",
        "a\u{0}",
        "a\u{202e}b",
        "v1",
        "Docs",
        "HEALTH",
        "metrics",
        "../x",
        &mebi,
    ] {
        let wish = json!({ "target": TARGET, "slug": slug });
        requests.push(shortening(&ada, &wish).at(&["/slug"]));
    }
    for (field, value) in [
        ("/domain", json!("elsewhere.example")),
        ("/title", json!("a\u{0}b")),
        ("/title", json!("\u{202e}b")),
        ("/title", json!("a".repeat(201))),
        ("/status", json!(200)),
        ("/status", json!("302")),
        ("/status", json!(70_000)),
        ("/forward_query", json!("yes")),
        ("/tags", json!("a")),
        ("/tags", json!(vec!["a"; 21])),
        ("/tags/1", json!(["a", ""])),
        ("/tags/0", json!([7])),
        ("/slug", json!(7)),
        ("/target", json!(null)),
    ] {
        let mut wish = json!({ "target": TARGET });
        wish[&field[1..].split('/').next().unwrap()] = value;
        requests.push(shortening(&ada, &wish).at(&[field]));
    }
    let all = json!({ "target": "x", "slug": "a b", "domain": "b.example", "title": " ", "tags": ["\n"], "status": 1 });
    let pointers = [
        "/slug", "/domain", "/target", "/status", "/title", "/tags/0",
    ];
    requests.push(shortening(&ada, &all).at(&pointers));
    are_told(&stack, requests).await;
    stack.finish().await;
}

fn shortening(ada: &Person, wish: &Value) -> Hostile {
    let text = wish.to_string();
    let what = text.chars().take(200).collect::<String>();
    Hostile::new(what, post(ada, LINKS, text), 422, "validation")
}

#[tokio::test]
async fn an_account_or_an_asset_with_a_fault_is_refused_too() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let account = json!({ "email": "eve@example.com", "password": PASSWORD, "name": "Eve" });
    let asset =
        json!({ "filename": "a", "content_type": "a/b", "size": 1, "visibility": "public" });
    let mut requests = Vec::new();
    for (path, good, field, value) in [
        ("/v1/core/users", &account, "/email", json!("eve@example")),
        (
            "/v1/core/users",
            &account,
            "/email",
            json!("eve\u{202e}@example.com"),
        ),
        (
            "/v1/core/users",
            &account,
            "/email",
            json!(format!("{}@example.com", "e".repeat(300))),
        ),
        (
            "/v1/core/users",
            &account,
            "/password",
            json!("elevenchars"),
        ),
        (
            "/v1/core/users",
            &account,
            "/password",
            json!("p".repeat(60_000)),
        ),
        ("/v1/core/users", &account, "/name", json!("E\u{0}ve")),
        ("/v1/core/users", &account, "/name", json!("e".repeat(101))),
        (
            "/v1/media/presign",
            &asset,
            "/filename",
            json!("../../etc/passwd"),
        ),
        (
            "/v1/media/presign",
            &asset,
            "/content_type",
            json!("a/b\r\nx: y"),
        ),
        ("/v1/media/presign", &asset, "/size", json!(0)),
        ("/v1/media/presign", &asset, "/size", json!(-1)),
        ("/v1/media/presign", &asset, "/size", json!(u64::MAX)),
        ("/v1/media/presign", &asset, "/size", json!(1.5)),
        ("/v1/media/presign", &asset, "/sha256", json!("abc")),
        ("/v1/media/presign", &asset, "/visibility", json!("secret")),
    ] {
        let mut body = good.clone();
        body[&field[1..]] = value;
        let request = post(&ada, path, body.to_string());
        let what = format!("{path} {field}");
        requests.push(Hostile::new(what, request, 422, "validation").at(&[field]));
    }
    are_told(&stack, requests).await;
    stack.finish().await;
}
