//! Bad input: each a clear 4xx, nothing written.

use serde_json::{Value, json};

use crate::house::{Call, House, NOW, access, claims};

const REQUESTS: &str = "/api/v1/privacy/requests";

/// Sends a call as an operator and expects a problem at a place, and nothing written.
async fn check(house: &House, call: Call, status: u16, place: &str) {
    let before = house.stored();
    let answer = house.send(call.token(&house.token("acme", "operator"))).await;
    assert_eq!(answer.status, status, "{place}: {}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert!(answer.body["type"].as_str().unwrap().starts_with("https://habeas.dev/problems/"));
    if !place.is_empty() {
        assert_eq!(answer.body["errors"][0]["pointer"], place, "{}", answer.body);
    }
    assert!(!answer.body.to_string().contains("canary"), "{}", answer.body);
    assert!(house.stored() == before, "something was written: {place}");
}

async fn warm() -> House {
    let house = House::new();
    house.submitted("acme").await;
    house
}

fn changed(pointer: &str, value: Value) -> Value {
    let mut body = access("ada@example.com");
    body["format"] = json!("both");
    *body.pointer_mut(pointer).unwrap() = value;
    body
}

fn added(name: &str, value: Value) -> Value {
    let mut body = access("ada@example.com");
    body[name] = value;
    body
}

#[tokio::test]
async fn bodies_that_are_not_json_are_400() {
    let house = warm().await;
    for body in
        ["", "  ", "{", "{\"type\":}", "nope", "{}{}", "{\"a\":1,}", "'x'", "\u{0}", "{\"type\":\"\\uZZZZ\"}", "[1,2"]
    {
        check(&house, Call::raw(REQUESTS, body), 400, "").await;
    }
    check(&house, Call::raw(REQUESTS, vec![0xff, 0xfe]), 400, "").await;
    check(&house, Call::raw(REQUESTS, "[".repeat(200)), 400, "").await;
    check(&house, Call::raw(REQUESTS, format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100))), 400, "").await;
}

#[tokio::test]
async fn media_types_sizes_and_headers_are_checked() {
    let house = warm().await;
    let good = access("ada@example.com").to_string();
    check(&house, Call::raw(REQUESTS, good.clone()).with("content-type", "text/plain"), 415, "").await;
    check(&house, Call::raw(REQUESTS, good.clone()).with("content-type", ""), 415, "").await;
    check(&house, Call::raw(REQUESTS, format!("{good}{}", " ".repeat(1 << 20))), 413, "").await;
    check(&house, Call::raw(REQUESTS, good.clone()).with("idempotency-key", "a b"), 400, "").await;
    check(&house, Call::raw(REQUESTS, good).with("idempotency-key", &"k".repeat(300)), 400, "").await;
}

#[tokio::test]
async fn wrong_fields_are_422_with_their_place() {
    let house = warm().await;
    let many = json!(vec![json!({"type": "user_id", "value": "u"}); 21]);
    let cases = [
        (json!([]), ""),
        (json!("canary"), ""),
        (json!({}), "/type"),
        (json!({"type": "access"}), "/subject"),
        (changed("/type", json!("Access")), "/type"),
        (changed("/type", json!("canary")), "/type"),
        (changed("/type", json!(null)), "/type"),
        (changed("/type", json!("rectification")), "/corrections"),
        (changed("/type", json!("opt_out")), "/type"),
        (changed("/subject", json!({})), "/subject/identities"),
        (changed("/subject", json!([])), "/subject"),
        (changed("/subject/identities", json!([])), "/subject/identities"),
        (changed("/subject/identities", many), "/subject/identities"),
        (changed("/subject/identities/0", json!({"type": "email"})), "/subject/identities/0/value"),
        (changed("/subject/identities/0/type", json!("canary")), "/subject/identities/0/type"),
        (changed("/subject/identities/0/type", json!("organization_id")), "/subject/identities/0/type"),
        (changed("/subject/identities/0/value", json!("canary")), "/subject/identities/0/value"),
        (changed("/subject/identities/0/value", json!("canary@")), "/subject/identities/0/value"),
        (changed("/subject/identities/0/value", json!("canary@a..b")), "/subject/identities/0/value"),
        (changed("/subject/identities/0/value", json!("can\u{7}ary@example.com")), "/subject/identities/0/value"),
        (changed("/subject/identities/0/value", json!("")), "/subject/identities/0/value"),
        (changed("/subject/identities/0/value", json!(7)), "/subject/identities/0/value"),
        (changed("/subject/identities/0/value", json!("a".repeat(300))), "/subject/identities/0/value"),
        (changed("/format", json!("pdf")), "/format"),
        (changed("/format", json!(["json"])), "/format"),
        (added("regime", json!("mars")), "/regime"),
        (added("include_media", json!("yes")), "/include_media"),
        (added("description", json!("x".repeat(2_001))), "/description"),
        (added("description", json!({"canary": 1})), "/description"),
        (added("received_at", json!("yesterday, canary")), "/received_at"),
        (added("received_at", json!("2026-13-01T00:00:00Z")), "/received_at"),
        (added("received_at", json!("2999-01-01T00:00:00Z")), "/received_at"),
        (added("received_at", json!("2020-01-01T00:00:00Z")), "/received_at"),
        (added("corrections", json!({"name": "canary"})), "/corrections"),
        (added("tenant", json!("globex")), "/tenant"),
        (json!({"type": "portability", "format": "both", "subject": access("a@example.com")["subject"]}), "/format"),
    ];
    for (body, place) in cases {
        check(&house, Call::post(REQUESTS, &body), 422, place).await;
    }
    let twice = "{\"type\":\"access\",\"type\":\"portability\",\"subject\":{\"identities\":[]}}";
    check(&house, Call::raw(REQUESTS, twice), 422, "/type").await;
}

#[tokio::test]
async fn unsupported_rights_are_422_naming_the_supported_ones() {
    let house = warm().await;
    let names =
        "is not supported yet; supported are access, portability, erasure, rectification, restriction, objection";
    let answer = house
        .send(Call::post(REQUESTS, &changed("/type", json!("opt_out"))).token(&house.token("acme", "operator")))
        .await;
    assert_eq!(answer.body["errors"][0]["detail"], names);
}

#[tokio::test]
async fn queries_and_paths_are_checked() {
    let house = warm().await;
    let queries = [
        ("limit=0", "?limit"),
        ("limit=201", "?limit"),
        ("limit=-1", "?limit"),
        ("limit=1&limit=2", "?limit"),
        ("cursor=canary", "?cursor"),
        ("cursor=", "?cursor"),
        ("type=canary", "?type"),
        ("status=done", "?status"),
        ("subject=canary@example.com", "?subject"),
        ("assignee=canary", "?assignee"),
        ("due_before=canary", "?due_before"),
        ("organization_id=", "?organization_id"),
        ("limits=5", "?limits"),
    ];
    for (query, place) in queries {
        check(&house, Call::get(format!("/api/v1/privacy/jobs?{query}")), 422, place).await;
    }
    for path in [
        "jobs/",
        "jobs/x",
        "jobs/job_1",
        "jobs/%ff",
        "jobs/../me",
        "nothing",
        "jobs/job_00000000000000000000000000000000",
    ] {
        check(&house, Call::get(format!("/api/v1/privacy/{path}")), 404, "").await;
    }
    check(&house, Call::get("/").with("x", "y"), 404, "").await;
    check(&house, Call::get(REQUESTS), 405, "").await;
    check(&house, Call::get("/api/v1/privacy/jobs").method("PUT"), 405, "").await;
}

#[tokio::test]
async fn acts_in_the_wrong_state_or_with_wrong_bodies_are_refused() {
    let house = warm().await;
    let id = house.submitted("acme").await;
    let job = format!("/api/v1/privacy/jobs/{id}");
    check(&house, Call::get(format!("{job}/download")), 403, "").await;
    check(&house, Call::post(format!("{job}/process"), &json!({})), 403, "").await;
    let mut auditor = claims("acme", "auditor");
    auditor["email"] = json!("eve@example.com");
    let auditor = house.sign(&auditor);
    assert_eq!(house.send(Call::raw(format!("{job}/cancel"), "").token(&auditor)).await.status, 403);
    check(&house, Call::post(format!("{job}/reject"), &json!({})), 422, "/reason").await;
    check(&house, Call::post(format!("{job}/assign"), &json!({"assignee": " "})), 422, "/assignee").await;
    check(&house, Call::post(format!("{job}/notes"), &json!({"note": "x".repeat(2_001)})), 422, "/note").await;
    check(&house, Call::post(format!("{job}/verify"), &json!({"code": 1})), 422, "/code").await;
    check(&house, Call::post(format!("{job}/verify"), &json!({"code": "000000"})), 422, "/code").await;
    check(&house, Call::post(format!("{job}/verify/manual"), &json!({"method": "passport"})), 422, "/note").await;
    check(&house, Call::post(format!("{job}/verify/manual"), &json!({"method": "m", "note": "n"})), 403, "").await;
    check(&house, Call::post(format!("{job}/verify/resend"), &json!({"to": "canary@example.com"})), 422, "/to").await;
    let dpo = house.token("acme", "dpo");
    assert_eq!(house.send(Call::raw(format!("{job}/cancel"), "").token(&dpo)).await.status, 200);
    let again = house.send(Call::raw(format!("{job}/cancel"), "").token(&dpo)).await;
    assert_eq!((again.status, &again.body["state"]), (409, &json!("cancelled")));
}

#[tokio::test]
async fn tokens_that_are_not_valid_are_401() {
    let house = warm().await;
    let before = house.stored();
    let with = |name: &str, value: Value| {
        let mut claims = claims("acme", "operator");
        claims[name] = value;
        house.sign(&claims)
    };
    let good = house.token("acme", "operator");
    let foreign = House::new().token("acme", "operator");
    let none = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
    let tokens = [
        String::new(),
        "x".to_owned(),
        "a.b.c".to_owned(),
        none,
        foreign,
        with("exp", json!(NOW)),
        with("exp", json!(null)),
        with("nbf", json!(NOW + 100)),
        with("aud", json!("other")),
        with("iss", json!("https://evil")),
        with("tenant", json!(null)),
        with("tenant", json!("a#b")),
        with("sub", json!(7)),
        good.replace('.', ".."),
    ];
    for token in tokens {
        let answer = house.send(Call::get("/api/v1/privacy/jobs").token(&token)).await;
        assert_eq!((answer.status, answer.headers["www-authenticate"].to_str().unwrap()), (401, "Bearer"), "{token}");
    }
    for call in [Call::get("/api/v1/privacy/me"), Call::get("/api/v1/privacy/me").with("x-api-key", "canary")] {
        assert_eq!(house.send(call).await.status, 401);
    }
    assert!(house.stored() == before);
}
