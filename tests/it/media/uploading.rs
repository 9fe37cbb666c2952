//! An upload, straight to the storage, that is believed only when it was looked at.

use serde_json::{Value, json};

use crate::stack::{Answer, Person, Stack};

const CONTENT: &[u8] = b"hello";
const SHA256: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

fn announcement() -> Value {
    json!({
        "filename": "Grüße.txt", "content_type": "text/plain", "size": CONTENT.len(),
        "sha256": SHA256, "visibility": "private",
    })
}

/// The asset's id, and the permission to upload.
async fn announced(ada: &Person, announcement: &Value) -> (String, Value) {
    let mut body = ada.asks_to_upload(announcement).await.is(201).body;
    let id = body["asset"]["id"].as_str().unwrap().to_owned();
    (id, body["upload"].take())
}

#[tokio::test]
async fn what_is_uploaded_as_announced_is_stored() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let presigned = ada.asks_to_upload(&announcement()).await.is(201);
    let (asset, permit) = (&presigned.body["asset"], &presigned.body["upload"]);
    let id = asset["id"].as_str().unwrap();
    assert_eq!(asset["state"], "pending");
    let pending = ada.sees_asset(id).await.is(200);
    assert_eq!(pending.header("etag"), presigned.header("etag"));
    assert_eq!(
        (&pending.body["state"], &pending.body["stored_at"]),
        (&json!("pending"), &json!(null))
    );

    ada.uploads(permit, CONTENT).await.is(200);
    let stored = ada.says_that_it_is_uploaded(id).await.is(200);
    let seen = ada.sees_asset(id).await.is(200);
    assert_eq!(seen.header("etag"), stored.header("etag"));
    assert_ne!(seen.header("etag"), pending.header("etag"));
    for (field, value) in stored.body.as_object().unwrap() {
        assert_eq!(seen.body[field], *value, "{field}");
    }
    let mut expected = announcement();
    expected["state"] = json!("stored");
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(seen.body[field], *value, "{field}");
    }
    assert!(seen.body["stored_at"].is_string());

    // To say it again changes nothing.
    let again = ada.says_that_it_is_uploaded(id).await.is(200);
    assert_eq!(again.header("etag"), stored.header("etag"));
    let listed = ada.reads("/v1/media/assets").await.is(200).body;
    assert_eq!(listed["items"], json!([seen.body]));
    stack.finish().await;
}

#[tokio::test]
async fn what_was_not_uploaded_is_not_stored() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let (id, _) = announced(&ada, &announcement()).await;
    let refused = ada.says_that_it_is_uploaded(&id).await;
    refused.refuses(409, "not_uploaded");
    assert_eq!(ada.sees_asset(&id).await.is(200).body["state"], "pending");
    let link = ada.shortens("https://example.com").await;
    let refused = ada.says_that_it_is_uploaded(&link.id).await;
    refused.refuses(404, "not_found");
    stack.finish().await;
}

#[tokio::test]
async fn what_differs_from_what_was_announced_is_not_stored() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let without_checksum = {
        let mut announcement = announcement();
        announcement["sha256"].take();
        announcement
    };
    for (what, announcement, content, headers) in [
        ("longer", &without_checksum, &b"hello!"[..], &[][..]),
        ("shorter", &without_checksum, b"hell", &[]),
        (
            "another type",
            &without_checksum,
            CONTENT,
            &[("content-type", "text/html")],
        ),
        ("another content", &announcement(), b"jello", &[]),
    ] {
        let (id, mut permit) = announced(&ada, announcement).await;
        // The length is that of the content, as for any client that doesn't lie about it.
        permit["headers"]["content-length"] = json!(content.len().to_string());
        for (name, value) in headers {
            permit["headers"][*name] = json!(value);
        }
        let refused: Answer = ada.uploads(&permit, content).await;
        assert!((400..500).contains(&refused.status), "{what}: {refused:#?}");
        let refused = ada.says_that_it_is_uploaded(&id).await;
        assert!(
            [json!("not_uploaded"), json!("upload_differs")].contains(&refused.body["error"]),
            "{what}: {refused:#?}"
        );
        refused.is(409);
        assert_eq!(ada.sees_asset(&id).await.is(200).body["state"], "pending");
    }
    stack.finish().await;
}
