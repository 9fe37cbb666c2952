//! What a token says, and how long it is believed.

use std::time::Duration;

use events::core::{Role, Scope};
use jsonwebtoken::Header;
use serde_json::{Value, json};

use super::super::testing::{SECRET, ada, later, token, tokens};
use super::super::{Caller, LEEWAY_SECONDS, TokenError, Tokens};
use super::attacks::{claims, sign};
use crate::config::Secret;
use crate::world;

#[test]
fn an_issued_token_names_its_caller() {
    let (ada, now) = (ada(), world::now());
    let verified = tokens().verify(&token(&ada, now), now).unwrap();
    let issued_at = verified.issued_at;
    assert_eq!(issued_at.odt().unix_timestamp(), now.odt().unix_timestamp());
    let expected = Caller {
        issued_at,
        expires_at: Some(later(issued_at, 3600)),
        ..ada
    };
    assert_eq!(verified, expected);
}

#[test]
fn a_token_has_the_claims_of_the_contract() {
    let claims = claims(world::now());
    let mut names: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
    names.sort();
    let contract = [
        "email", "exp", "iat", "jti", "role", "scopes", "seen", "sid", "sub", "wid",
    ];
    assert_eq!(names, contract);
    let [exp, iat] = ["exp", "iat"].map(|name| claims[name].as_i64().unwrap());
    assert_eq!(exp - iat, 3600);
    assert_eq!(
        (&claims["email"], &claims["role"], &claims["seen"]),
        (
            &json!("ada@example.com"),
            &json!("editor"),
            &json!([10, 10])
        )
    );
}

#[test]
fn the_scopes_of_a_token_are_what_its_role_may_do_with_resources() {
    let scopes = |role| -> Value {
        let token = token(&Caller { role, ..ada() }, world::now());
        jsonwebtoken::dangerous::insecure_decode::<Value>(&token)
            .unwrap()
            .claims["scopes"]
            .clone()
    };
    let reading = json!(["links:read", "clicks:read", "media:read"]);
    assert_eq!(scopes(Role::Viewer), reading);
    for role in [Role::Editor, Role::Admin] {
        assert_eq!(scopes(role), json!(Scope::ALL));
    }
}

#[test]
fn a_token_expires_after_its_lifetime_and_the_leeway() {
    let now = world::now();
    let token = token(&ada(), now);
    let at = |seconds| tokens().verify(&token, later(now, seconds));
    assert!(at(3600 + LEEWAY_SECONDS - 1).is_ok());
    assert!(matches!(
        at(3600 + LEEWAY_SECONDS),
        Err(TokenError::Expired)
    ));
}

#[test]
fn a_token_of_a_time_when_they_lived_longer_is_good_for_todays_lifetime_only() {
    let now = world::now();
    let token = token(&ada(), now);
    let tokens = Tokens::new(&Secret::new(SECRET), Duration::from_mins(1));
    let verified = tokens.verify(&token, now).unwrap();
    assert_eq!(verified.expires_at, Some(later(verified.issued_at, 60)));
    let expired = tokens.verify(&token, later(now, 60 + LEEWAY_SECONDS));
    assert!(matches!(expired, Err(TokenError::Expired)));
}

#[test]
fn times_at_the_edge_of_numbers_do_no_harm() {
    let now = world::now();
    for (claim, number, is_good) in [
        ("exp", i64::MAX, true),
        ("exp", i64::MIN, false),
        ("iat", i64::MIN, false),
        ("iat", i64::MAX, false),
    ] {
        let mut claims = claims(now);
        claims[claim] = json!(number);
        let verified = tokens().verify(&sign(&Header::default(), &claims, SECRET), now);
        assert_eq!(verified.is_ok(), is_good, "{claim} {number}");
    }
}
