//! Good tokens, and the attacks that JWTs are known for.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::Timestamp;
use http::{Request, StatusCode};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::config::Secret;

const SECRET: &str = "a-secret-of-more-than-32-characters";
const HOUR: Duration = Duration::from_hours(1);

fn tokens() -> Tokens {
    Tokens::new(&Secret::new(SECRET), HOUR)
}

fn ada() -> Caller {
    Caller {
        user: UserId::new(world::new_id()),
        workspace: WorkspaceId::new(world::new_id()),
        role: Role::Editor,
        session: SessionId::new(world::new_id()),
        email: "ada@example.com".to_owned(),
    }
}

fn later(now: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::new(now.odt() + time::Duration::seconds(seconds))
}

/// Claims as `issue` would make them, to be spoiled.
fn claims(now: Timestamp) -> Value {
    let token = tokens().issue(&ada(), now, world::new_id()).unwrap();
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn sign(header: &Header, claims: &Value, secret: &str) -> String {
    jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(header), part(claims))
}

fn is_invalid(token: &str) -> bool {
    matches!(
        tokens().verify(token, world::now()),
        Err(TokenError::Invalid)
    )
}

#[test]
fn an_issued_token_names_its_caller() {
    let (ada, now) = (ada(), world::now());
    let token = tokens().issue(&ada, now, world::new_id()).unwrap();
    assert_eq!(tokens().verify(&token, now).unwrap(), ada);
}

#[test]
fn a_token_has_the_claims_of_the_contract() {
    let claims = claims(world::now());
    let mut names: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
    names.sort();
    assert_eq!(
        names,
        ["email", "exp", "iat", "jti", "role", "sid", "sub", "wid"]
    );
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        3600
    );
}

#[test]
fn a_token_expires_after_its_lifetime_and_the_leeway() {
    let now = world::now();
    let token = tokens().issue(&ada(), now, world::new_id()).unwrap();
    let at = |seconds| tokens().verify(&token, later(now, seconds));
    assert!(at(3600 + LEEWAY_SECONDS - 1).is_ok());
    assert!(matches!(
        at(3600 + LEEWAY_SECONDS),
        Err(TokenError::Expired)
    ));
}

#[test]
fn a_token_without_a_signature_is_refused() {
    let claims = claims(world::now());
    for alg in ["none", "None", "NONE", "HS256"] {
        assert!(
            is_invalid(&unsigned(&json!({ "typ": "JWT", "alg": alg }), &claims)),
            "{alg}"
        );
    }
}

#[test]
fn another_algorithm_is_refused_even_with_our_secret() {
    let claims = claims(world::now());
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        assert!(is_invalid(&sign(&Header::new(algorithm), &claims, SECRET)));
    }
}

#[test]
fn an_hmac_that_claims_to_be_rsa_is_refused() {
    let token = sign(
        &Header::new(Algorithm::HS256),
        &claims(world::now()),
        SECRET,
    );
    let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"RS256"}"#);
    let (_, rest) = token.split_once('.').unwrap();
    assert!(is_invalid(&format!("{header}.{rest}")));
}

#[test]
fn keys_that_a_header_brings_along_are_not_used() {
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("../../dev/null".to_owned());
    header.jku = Some("https://evil.example/keys.json".to_owned());
    assert!(is_invalid(&sign(&header, &claims(world::now()), "")));
    assert!(
        tokens()
            .verify(&sign(&header, &claims(world::now()), SECRET), world::now())
            .is_ok()
    );
}

#[test]
fn another_secret_is_refused() {
    let token = sign(
        &Header::default(),
        &claims(world::now()),
        "another-secret-of-32-characters!",
    );
    assert!(is_invalid(&token));
}

#[test]
fn a_tampered_claim_is_refused() {
    let mut claims = claims(world::now());
    let token = sign(&Header::default(), &claims, SECRET);
    claims["role"] = json!("admin");
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    let parts: Vec<_> = token.split('.').collect();
    assert!(is_invalid(&format!("{}.{payload}.{}", parts[0], parts[2])));
}

#[test]
fn a_token_from_the_future_is_refused() {
    for claim in ["nbf", "iat"] {
        let mut claims = claims(world::now());
        claims[claim] = json!(world::now().odt().unix_timestamp() + 60);
        assert!(
            is_invalid(&sign(&Header::default(), &claims, SECRET)),
            "{claim}"
        );
    }
}

#[test]
fn each_claim_must_be_there_and_be_of_its_type() {
    for claim in ["sub", "email", "wid", "role", "sid", "iat", "exp", "jti"] {
        let mut without = claims(world::now());
        without.as_object_mut().unwrap().remove(claim);
        assert!(
            is_invalid(&sign(&Header::default(), &without, SECRET)),
            "without {claim}"
        );
        let mut wrong = claims(world::now());
        wrong[claim] = json!(["x"]);
        assert!(
            is_invalid(&sign(&Header::default(), &wrong, SECRET)),
            "wrong {claim}"
        );
    }
}

#[test]
fn a_token_of_another_type_is_refused() {
    for typ in [None, Some("at+jwt".to_owned()), Some("refresh".to_owned())] {
        let header = Header {
            typ,
            ..Header::default()
        };
        assert!(is_invalid(&sign(&header, &claims(world::now()), SECRET)));
    }
}

#[test]
fn times_at_the_edge_of_numbers_do_no_harm() {
    let mut claims = claims(world::now());
    claims["exp"] = json!(i64::MAX);
    assert!(
        tokens()
            .verify(&sign(&Header::default(), &claims, SECRET), world::now())
            .is_ok()
    );
    claims["exp"] = json!(i64::MIN);
    let token = sign(&Header::default(), &claims, SECRET);
    assert!(matches!(
        tokens().verify(&token, world::now()),
        Err(TokenError::Expired)
    ));
}

#[test]
fn garbage_is_refused() {
    for token in [
        "",
        ".",
        "..",
        "a.b.c",
        "\u{202e}",
        &"x".repeat(TOKEN_BYTES_MAX + 1),
    ] {
        assert!(is_invalid(token));
    }
}

#[test]
fn roles_include_what_is_below_them() {
    let mut ada = ada();
    assert!(ada.require(Role::Viewer).is_ok() && ada.require(Role::Editor).is_ok());
    assert_eq!(
        ada.require(Role::Admin).unwrap_err().status(),
        StatusCode::FORBIDDEN
    );
    ada.role = Role::Admin;
    assert!(ada.require(Role::Admin).is_ok());
}

async fn ask(authorization: Option<&str>) -> (StatusCode, String, Value) {
    let app = Router::new()
        .route("/", get(async |caller: Caller| caller.email))
        .with_state(tokens());
    let mut request = Request::get("/");
    if let Some(authorization) = authorization {
        request = request.header(AUTHORIZATION, authorization);
    }
    let response = app
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let challenge = response
        .headers()
        .get("www-authenticate")
        .map(|value| value.to_str().unwrap());
    let challenge = challenge.unwrap_or_default().to_owned();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 4096)
        .await
        .unwrap();
    (
        status,
        challenge,
        serde_json::from_slice(&bytes).unwrap_or_default(),
    )
}

#[tokio::test]
async fn a_good_token_lets_in() {
    let token = tokens()
        .issue(&ada(), world::now(), world::new_id())
        .unwrap();
    assert_eq!(
        ask(Some(&format!("bearer {token}"))).await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_missing_token_and_a_bad_one_are_told_apart() {
    for authorization in [None, Some("Basic YTpi"), Some("Bearer "), Some("Bearer")] {
        let (status, challenge, body) = ask(authorization).await;
        assert_eq!(
            (status, &body["error"]),
            (StatusCode::UNAUTHORIZED, &json!("missing_token"))
        );
        assert_eq!(challenge, r#"Bearer realm="millrace""#);
    }
    let (status, challenge, body) = ask(Some("Bearer nonsense")).await;
    assert_eq!(
        (status, &body["error"]),
        (StatusCode::UNAUTHORIZED, &json!("invalid_token"))
    );
    assert!(challenge.contains(r#"error="invalid_token""#));
}

#[tokio::test]
async fn an_expired_token_says_so() {
    let issued = later(world::now(), -7200);
    let token = tokens().issue(&ada(), issued, world::new_id()).unwrap();
    let (status, challenge, body) = ask(Some(&format!("Bearer {token}"))).await;
    assert_eq!(
        (status, &body["error"]),
        (StatusCode::UNAUTHORIZED, &json!("token_expired"))
    );
    assert!(challenge.contains("expired"));
}
