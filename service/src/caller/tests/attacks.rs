//! What is refused: the attacks that JWTs are known for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::super::testing::{SECRET, ada, token, tokens};
use super::super::{TOKEN_BYTES_MAX, TokenError};
use crate::world;

/// Claims as `issue` would make them, to be spoiled.
pub(super) fn claims(now: Timestamp) -> Value {
    let token = token(&ada(), now);
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

pub(super) fn sign(header: &Header, claims: &Value, secret: &str) -> String {
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
fn a_token_without_a_signature_is_refused() {
    let claims = claims(world::now());
    for alg in ["none", "None", "NONE", "HS256"] {
        let token = unsigned(&json!({ "typ": "JWT", "alg": alg }), &claims);
        assert!(is_invalid(&token), "{alg}");
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
fn an_hmac_that_claims_to_be_of_another_family_is_refused() {
    let token = sign(&Header::default(), &claims(world::now()), SECRET);
    let (_, rest) = token.split_once('.').unwrap();
    for alg in ["RS256", "RS512", "PS256", "ES256", "EdDSA"] {
        let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"typ":"JWT","alg":"{alg}"}}"#));
        assert!(is_invalid(&format!("{header}.{rest}")), "{alg}");
    }
}

#[test]
fn a_header_that_names_a_key_or_brings_one_along_is_refused() {
    let of = |change: &dyn Fn(&mut Header)| {
        let mut header = Header::default();
        change(&mut header);
        header
    };
    let headers = [
        of(&|header| header.kid = Some("../../dev/null".to_owned())),
        of(&|header| header.kid = Some("' union select 'key".to_owned())),
        of(&|header| header.jku = Some("https://evil.example/keys.json".to_owned())),
        of(&|header| header.x5u = Some("https://evil.example/cert.pem".to_owned())),
        of(&|header| header.x5c = Some(vec!["MIIB".to_owned()])),
        of(&|header| header.crit = Some(vec!["exp".to_owned()])),
    ];
    for header in headers {
        for secret in ["", SECRET] {
            let token = sign(&header, &claims(world::now()), secret);
            assert!(is_invalid(&token), "{header:?}");
        }
    }
}

#[test]
fn another_secret_is_refused() {
    for secret in ["", "another-secret-of-32-characters!", &SECRET[1..]] {
        assert!(is_invalid(&sign(
            &Header::default(),
            &claims(world::now()),
            secret
        )));
    }
}

#[test]
fn a_tampered_claim_is_refused() {
    let mut claims = claims(world::now());
    let token = sign(&Header::default(), &claims, SECRET);
    claims["role"] = json!("admin");
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    let parts: Vec<_> = token.split('.').collect();
    assert!(is_invalid(&format!("{}.{payload}.{}", parts[0], parts[2])));
    assert!(is_invalid(&token[..token.len() - 2]));
}

#[test]
fn a_token_from_the_future_is_refused() {
    for claim in ["nbf", "iat"] {
        let mut claims = claims(world::now());
        claims[claim] = json!(world::now().odt().unix_timestamp() + 60);
        let token = sign(&Header::default(), &claims, SECRET);
        assert!(is_invalid(&token), "{claim}");
    }
}

#[test]
fn each_claim_that_is_looked_at_must_be_there_and_be_of_its_type() {
    for claim in ["sub", "wid", "role", "sid", "iat", "exp", "seen"] {
        let mut without = claims(world::now());
        without.as_object_mut().unwrap().remove(claim);
        let token = sign(&Header::default(), &without, SECRET);
        assert!(is_invalid(&token), "without {claim}");
        let mut wrong = claims(world::now());
        wrong[claim] = json!(["x"]);
        let token = sign(&Header::default(), &wrong, SECRET);
        assert!(is_invalid(&token), "wrong {claim}");
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
fn garbage_is_refused() {
    let long = "x".repeat(TOKEN_BYTES_MAX + 1);
    for token in ["", ".", "..", "a.b.c", "\u{202e}", &long] {
        assert!(is_invalid(token));
    }
}
