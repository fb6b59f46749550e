//! Tokens that are none: each is 401 before anything is read, and each narrowing to a foreign tenant is 404.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::caller::{Caller, Issuer, START, operator};
use crate::house::{BASE, Call, House, access};

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn pem(point: &[u8]) -> String {
    let head: &[u8] = &[
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
        0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode([head, point].concat()))
}

fn without(caller: &Caller, name: &str) -> Value {
    let mut claims = caller.claims.clone();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// Tokens with one thing wrong.
fn bad_tokens(issuer: &Issuer) -> Vec<(&'static str, String)> {
    let caller = operator("acme");
    let good = issuer.token(&caller);
    let parts: Vec<&str> = good.split('.').collect();
    let with = |name: &str, value: Value| issuer.sign(&caller.clone().with(name, value).claims);
    let claims = &caller.claims;
    let other = caller.clone().with("tenant", "globex");
    let header = |value: Value| format!("{}.{}.{}", part(&value), parts[1], parts[2]);
    let mut tokens = vec![
        ("no token", String::new()),
        ("a word", "canary".to_owned()),
        ("dots", "..".to_owned()),
        ("three words", "a.b.c".to_owned()),
        ("four parts", format!("{good}.x")),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("claims of another tenant under this signature", format!("{}.{}.{}", parts[0], part(&other.claims), parts[2])),
        ("none", format!("{}.{}.", part(&json!({"alg": "none", "kid": "k1"})), parts[1])),
        ("NONE", format!("{}.{}.{}", part(&json!({"alg": "NONE", "kid": "k1"})), parts[1], parts[2])),
        ("no alg", header(json!({"kid": "k1"}))),
        ("ES384", header(json!({"alg": "ES384", "kid": "k1"}))),
        ("RS256", header(json!({"alg": "RS256", "kid": "k1"}))),
        ("another kid", header(json!({"alg": "ES256", "kid": "k2"}))),
        ("a kid that is a path", header(json!({"alg": "ES256", "kid": "../../dev/null"}))),
        ("a key of its own", header(json!({"alg": "ES256", "kid": "k1", "jwk": Issuer::new().jwk()}))),
        ("critical", header(json!({"alg": "ES256", "kid": "k1", "crit": ["canary"]}))),
        ("HS256 with the public point", Issuer::sign_hs256(claims, &issuer.point)),
        ("HS256 with the public key as PEM", Issuer::sign_hs256(claims, pem(&issuer.point).as_bytes())),
        ("HS256 with the JWK", Issuer::sign_hs256(claims, issuer.jwk().to_string().as_bytes())),
        ("HS256 with nothing", Issuer::sign_hs256(claims, b"")),
        ("a foreign key", Issuer::new().token(&caller)),
        ("expired this second", with("exp", json!(START))),
        ("expired long ago", with("exp", json!(1))),
        ("exp is text", with("exp", json!("tomorrow"))),
        ("exp is negative", with("exp", json!(-1))),
        ("exp is endless", with("exp", json!(1e300))),
        ("nbf in the future", with("nbf", json!(START + 3_600))),
        ("nbf is text", with("nbf", json!("now"))),
        ("another audience", with("aud", json!("other"))),
        ("no audience of ours", with("aud", json!(["a", "b"]))),
        ("another issuer", with("iss", json!("https://canary.example"))),
        ("tenant is a number", with("tenant", json!(7))),
        ("tenant is empty", with("tenant", json!(""))),
        ("tenant is two", with("tenant", json!(["acme", "globex"]))),
        ("tenant has a separator", with("tenant", json!("acme#t#globex"))),
        ("tenant is in capitals", with("tenant", json!("ACME"))),
        ("sub is empty", with("sub", json!(""))),
        ("sub is too long", with("sub", json!("s".repeat(256)))),
        ("roles are a word", with("roles", json!("operator"))),
    ];
    for name in ["exp", "nbf", "aud", "iss", "sub", "tenant"] {
        tokens.push((name, issuer.sign(&without(&caller, name))));
    }
    tokens
}

#[test]
fn every_bad_token_is_401_on_every_kind_of_call_and_tells_nothing() {
    let mut house = House::new();
    let tokens = bad_tokens(&house.issuer);
    assert!(tokens.len() > 40);
    let before = house.written();
    let calls =
        [Call::get(format!("{BASE}/jobs")), Call::post(format!("{BASE}/requests"), &access("canary@example.com"))];
    for (name, token) in &tokens {
        for call in calls.clone() {
            let answer = house.send(call.token(token));
            assert_eq!(answer.status, 401, "{name}: {}", answer.body);
            assert_eq!(answer.headers["www-authenticate"], "Bearer", "{name}");
            assert!(!answer.body.to_string().contains("canary"), "{name}: {}", answer.body);
        }
    }
    assert!(house.written() == before);
}

#[test]
fn headers_without_one_bearer_token_are_401() {
    let mut house = House::new();
    let token = house.issuer.token(&operator("acme"));
    let call = || Call::get(format!("{BASE}/jobs"));
    for value in ["", "Bearer", "Bearer ", &format!("Basic {token}"), &token, &format!("Bearer {token} {token}")] {
        assert_eq!(house.send(call().with("authorization", value)).status, 401, "{value}");
    }
    let mut twice = call().token(&token);
    twice.headers.push(("authorization", format!("Bearer {token}")));
    assert_eq!(house.send(twice).status, 401);
    assert_eq!(house.send(call().with("x-api-key", "canary")).status, 401);
    assert_eq!(house.send(call()).status, 401);
    assert_eq!(house.send(call().token(&token)).status, 200);
}

#[test]
fn roles_that_are_unknown_give_nothing() {
    let mut house = House::new();
    for roles in [json!([]), json!(["canary"]), json!(["OPERATOR"]), json!(["root", "admin", "*"])] {
        let nobody = operator("acme").with("roles", roles);
        assert_eq!(house.get(&nobody, "/jobs").status, 403);
        assert_eq!(house.post(&nobody, "/requests", &access("canary@example.com")).status, 403);
    }
}

#[test]
fn a_request_narrows_its_tenant_and_never_widens_it() {
    let mut house = House::new();
    let id = house.post(&operator("acme"), "/requests", &access("canary@example.com")).job();
    let job = Call::get(format!("{BASE}/jobs/{id}"));
    for (name, value, status) in [
        ("x-tenant-id", "acme", 200),
        ("x-tenant-id", "globex", 404),
        ("x-tenant-id", "", 404),
        ("x-tenant-id", "acme,globex", 404),
        ("host", "acme.api.example.com", 200),
        ("host", "globex.api.example.com", 404),
    ] {
        assert_eq!(house.ask(&operator("acme"), job.clone().with(name, value)).status, status, "{name}: {value}");
    }
    let widened = job.with("x-tenant-id", "acme");
    assert_eq!(house.ask(&operator("globex"), widened).status, 404);
}
