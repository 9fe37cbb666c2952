//! Links with a password: nobody is led who hasn't shown it.

use events::StreamName;
use millrace::system::Processes;
use serde_json::json;

use crate::stack::{Link, Stack};

const TARGET: &str = "https://example.com/secret";
const HTML: (&str, &str) = ("accept", "text/html");

#[tokio::test]
async fn a_browser_is_asked_once_and_led_from_then_on() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let wish = json!({ "target": TARGET, "password": "sesame" });
    let link = Link::of(ada.asks_to_shorten(&wish).await);
    assert_eq!(link.answer.body["has_password"], true);
    assert!(!link.answer.body.to_string().contains("sesame"));
    let visitor = stack.visitor();
    visitor.opens(&link).await.refuses(401, "password_required");
    let page = visitor.opens_with(&link.slug, &[HTML]).await.is(401);
    let html = page.body.as_str().unwrap();
    assert!(
        html.contains("<form method=\"post\">") && !html.contains("secret"),
        "{html}"
    );
    // Neither looking nor the preview tells where it leads.
    let looked = visitor.looks_at(&link).await.is(401);
    assert_eq!(looked.header("location"), "");
    visitor.opens_slug(&format!("{}+", link.slug)).await.is(401);

    let wrong = visitor.unlocks(&link, "simsalabim").await.is(401);
    assert_eq!(wrong.header("set-cookie"), "");
    let right = visitor.unlocks(&link, "sesame").await.is(303);
    assert_eq!(right.header("location"), format!("/{}", link.slug));
    let cookie = right.header("set-cookie").to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let pair = cookie.split(';').next().unwrap();
    let led = visitor
        .opens_with(&link.slug, &[("cookie", pair)])
        .await
        .is(302);
    assert_eq!(led.header("location"), TARGET);
    assert_eq!(led.header("cache-control"), "private, no-store");
    stack.catches_up().await;
    assert_eq!(ada.counts(&link, "exclude").await, 1);
    stack.finish().await;
}

#[tokio::test]
async fn a_cookie_opens_only_its_link_and_only_while_the_password_stays() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let wish = json!({ "target": TARGET, "password": "sesame" });
    let link = Link::of(ada.asks_to_shorten(&wish).await);
    let other = Link::of(ada.asks_to_shorten(&wish).await);
    let visitor = stack.visitor();
    let right = visitor.unlocks(&link, "sesame").await.is(303);
    let pair = right
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let named_otherwise = pair.replace(&link.id.replace('-', ""), &other.id.replace('-', ""));
    assert_ne!(named_otherwise, pair);
    for cookie in [&*named_otherwise, &*pair] {
        visitor
            .opens_with(&other.slug, &[("cookie", cookie)])
            .await
            .is(401);
    }
    let (name, value) = pair.split_once('=').unwrap();
    let (end, proof) = value.split_once('.').unwrap();
    let later = end.parse::<u64>().unwrap() + 1;
    let longer = format!("{name}={later}.{proof}");
    visitor
        .opens_with(&link.slug, &[("cookie", &longer)])
        .await
        .is(401);

    let change = json!({ "password": "open" });
    ada.edits(&link, &change, None).await.is(200);
    crate::eventually::within(
        std::time::Duration::from_secs(2),
        "the cookie is good no more",
        async || match visitor
            .opens_with(&link.slug, &[("cookie", &pair)])
            .await
            .status
        {
            401 => Ok(()),
            status => Err(status),
        },
    )
    .await;
    visitor.unlocks(&link, "sesame").await.is(401);
    visitor.unlocks(&link, "open").await.is(303);
    let change = json!({ "password": null });
    ada.edits(&link, &change, None).await.is(200);
    crate::eventually::within(
        std::time::Duration::from_secs(2),
        "no password is asked for",
        async || match visitor.opens(&link).await.status {
            302 => Ok(()),
            status => Err(status),
        },
    )
    .await;
    stack.finish().await;
}

#[tokio::test]
async fn guessing_ends_soon() {
    let stack = Stack::limited_to("link-password-link=3/3600", &[Processes::ALL]).await;
    let ada = stack.person("ada").await;
    let wish = json!({ "target": TARGET, "password": "sesame" });
    let link = Link::of(ada.asks_to_shorten(&wish).await);
    let visitor = stack.visitor();
    for guess in ["a", "b", "c"] {
        visitor.unlocks(&link, guess).await.is(401);
    }
    let refused = visitor.unlocks(&link, "sesame").await;
    assert_ne!(refused.header("retry-after"), "");
    refused.refuses(429, "too_many_requests");
    stack.finish().await;
}

#[tokio::test]
async fn the_log_does_not_show_the_password_or_its_hash() {
    let stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let wish = json!({ "target": TARGET, "password": "sesame" });
    ada.asks_to_shorten(&wish).await.is(201);
    let messages = stack.log().await.all(StreamName::Links).await;
    let bodies = messages.iter().map(|it| String::from_utf8_lossy(&it.body));
    let log: String = bodies.collect();
    assert!(log.contains("password_hash"), "the log is read");
    for secret in ["sesame", "argon2"] {
        assert!(!log.contains(secret), "{secret}");
    }
    stack.finish().await;
}
