//! Bodies good and bad.

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use serde::Deserialize;
use tower::ServiceExt;

use super::*;
use crate::problem::ProblemBody;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the shape matters")]
struct Link {
    target: String,
    tags: Option<Vec<String>>,
}

async fn send(content_type: &str, body: impl Into<Body>) -> (StatusCode, Option<ProblemBody>) {
    let app = Router::new()
        .route("/", post(async |Json(_): Json<Link>| StatusCode::CREATED))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    let request = Request::post("/")
        .header("content-type", content_type)
        .body(body.into())
        .unwrap();
    let response = app.oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 4096)
        .await
        .unwrap();
    (status, serde_json::from_slice(&bytes).ok())
}

async fn refused(body: impl Into<Body>) -> ProblemBody {
    send("application/json", body).await.1.unwrap()
}

#[tokio::test]
async fn a_good_body_passes_whatever_its_charset() {
    let (status, _) = send("Application/JSON; charset=utf-8", r#"{"target":"x"}"#).await;
    assert_eq!(status, StatusCode::CREATED);
}

#[tokio::test]
async fn malformed_json_is_refused_with_its_place() {
    for body in [
        r#"{"target": "x""#,
        r#"{"target": }"#,
        "",
        "\u{feff}{}",
        "target=x",
    ] {
        let problem = refused(body).await;
        assert_eq!(
            (problem.status, problem.error.as_str()),
            (400, "malformed_json"),
            "{body}"
        );
    }
    let problem = refused("{\n\"target\": }").await;
    assert!(problem.detail.unwrap().ends_with("line 2 column 11"));
}

#[tokio::test]
async fn what_follows_the_body_is_malformed() {
    assert_eq!(
        refused(r#"{"target":"x"} {}"#).await.error,
        "malformed_json"
    );
}

#[tokio::test]
async fn invalid_utf8_is_malformed() {
    assert_eq!(
        refused(b"{\"target\":\"\xff\"}".to_vec()).await.error,
        "malformed_json"
    );
}

#[tokio::test]
async fn an_unknown_field_is_pointed_at() {
    let problem = refused(r#"{"target":"x","slugg":"y"}"#).await;
    assert_eq!(
        (problem.status, problem.error.as_str()),
        (422, "validation")
    );
    assert_eq!(problem.errors[0].pointer, "/slugg");
    assert_eq!(
        problem.errors[0].detail,
        "unknown field `slugg`, expected `target` or `tags`"
    );
}

#[tokio::test]
async fn a_wrong_type_is_pointed_at_in_depth() {
    let problem = refused(r#"{"target":"x","tags":["a",7]}"#).await;
    assert_eq!(problem.errors[0].pointer, "/tags/1");
    assert_eq!(
        problem.errors[0].detail,
        "invalid type: integer `7`, expected a string"
    );
}

#[tokio::test]
async fn a_missing_field_is_named() {
    let problem = refused("{}").await;
    assert_eq!(problem.errors, [Fault::new("", "missing field `target`")]);
}

#[tokio::test]
async fn an_overlong_body_is_refused() {
    let body = format!(r#"{{"target":"{}"}}"#, "x".repeat(BODY_BYTES_MAX));
    let problem = refused(body).await;
    assert_eq!((problem.status, problem.error.as_str()), (413, "too_large"));
}

#[tokio::test]
async fn json_must_be_called_json() {
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "json"] {
        let (status, problem) = send(content_type, r#"{"target":"x"}"#).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(problem.unwrap().error, "unsupported_media_type");
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up_on() {
    let endless = futures::stream::pending::<Result<Bytes, std::io::Error>>();
    let request = Request::new(Body::from_stream(endless));
    let problem = read(request, &(), Duration::from_millis(10))
        .await
        .unwrap_err();
    assert_eq!(
        (problem.status().as_u16(), problem.error()),
        (408, "timeout")
    );
}

#[test]
fn pointers_escape_what_has_a_meaning_in_them() {
    let error = serde_path_to_error::deserialize::<_, std::collections::BTreeMap<String, u8>>(
        &mut serde_json::Deserializer::from_str(r#"{"a/b~c": "x"}"#),
    )
    .unwrap_err();
    assert_eq!(pointer(error.path()), "/a~1b~0c");
}

#[test]
fn what_is_read_of_a_text_may_borrow_from_it_and_has_the_same_faults() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Borrowing<'b> {
        #[serde(borrow)]
        targets: Vec<&'b str>,
    }

    let text = JsonText(Bytes::from_static(br#"{"targets":["x"]}"#), None);
    let read: Borrowing<'_> = text.read().unwrap();
    assert_eq!(read.targets, ["x"]);
    let faulty = JsonText(Bytes::from_static(br#"{"targets":["x", 7]}"#), None);
    let problem = faulty.read::<Borrowing<'_>>().err().unwrap();
    assert!(format!("{problem:?}").contains("/targets/1"));
}
