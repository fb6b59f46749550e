//! Bad headers, queries, ids, methods and acts: each a clear 4xx that names what is wrong, and nothing written.

use habeas_tests::sample::ADA;
use serde_json::{Value, json};

use crate::bad_input::{check, requests};
use crate::caller::{admin, dpo, operator, owner, subject};
use crate::house::{BASE, Call, House, UNKNOWN_JOB, access};

#[test]
fn idempotency_keys_that_are_none_are_refused() {
    let mut house = House::new();
    let good = access(ADA.email).to_string();
    for key in ["", " ", "a b", "k\u{e9}y", "\ttab\tin", &"k".repeat(256)] {
        check(&mut house, &operator("acme"), requests(good.clone()).with("idempotency-key", key), 400, "");
    }
    let mut twice = requests(good).with("idempotency-key", "one");
    twice.headers.push(("idempotency-key", "two".to_owned()));
    check(&mut house, &operator("acme"), twice, 400, "");
}

#[test]
fn queries_that_are_wrong_are_422_with_their_name() {
    let mut house = House::new();
    let id = house.post(&operator("acme"), "/requests", &access(ADA.email)).job();
    let limits = ["0", "201", "abc", "-1", "", "1.5", "1e2", "99999999999999999999", "%00", "5%20"];
    let mut queries: Vec<(String, &str)> = limits.iter().map(|it| (format!("limit={it}"), "?limit")).collect();
    for cursor in ["", "x", "canary", "!!!!", "am9i", "Li4vLi4v", &"A".repeat(4_000)] {
        queries.push((format!("cursor={cursor}"), "?cursor"));
    }
    queries.push(("limit=5&limit=6".to_owned(), "?limit"));
    queries.push(("canary=1".to_owned(), "?canary"));
    for (query, place) in &queries {
        for path in ["/jobs".to_owned(), format!("/jobs/{id}/timeline")] {
            let call = Call::get(format!("{BASE}{path}?{query}"));
            // The name of an unknown parameter is told back: it is where the mistake is.
            if *place == "?canary" {
                assert_eq!(house.ask(&operator("acme"), call).status, 422);
            } else {
                check(&mut house, &operator("acme"), call, 422, place);
            }
        }
    }
    let filters = [
        ("type", "canary"),
        ("type", ""),
        ("status", "done"),
        ("status", "COMPLETED"),
        ("subject", "canary@example.com"),
        ("subject", "%27%20OR%201=1"),
        ("assignee", "canary"),
        ("due_before", "canary"),
        ("due_before", "tomorrow"),
        ("organization_id", ""),
        ("organization_id", &"o".repeat(256)),
    ];
    for (name, value) in filters {
        check(
            &mut house,
            &operator("acme"),
            Call::get(format!("{BASE}/jobs?{name}={value}")),
            422,
            &format!("?{name}"),
        );
    }
    for path in [format!("/jobs/{id}"), "/me".to_owned()] {
        check(&mut house, &subject(ADA), Call::get(format!("{BASE}{path}?x=1")), 422, "?x");
    }
    let path = format!("{BASE}/jobs/{id}/download?redirect=");
    for value in ["", "canary", "1", "TRUE"] {
        check(&mut house, &subject(ADA), Call::get(format!("{path}{value}")), 422, "?redirect");
    }
}

#[test]
fn ids_that_are_none_are_unknown_and_other_methods_are_405() {
    let mut house = House::new();
    let id = house.post(&operator("acme"), "/requests", &access(ADA.email)).job();
    let upper = id.to_uppercase();
    let ids = [
        "x",
        "job_",
        "job_1",
        &upper,
        &id[..35],
        &format!("{id}0"),
        &id.replace("job_", "hold_"),
        "job_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
        "..",
        "%2e%2e",
        "..%2f..%2fme",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "%00",
        "%ff",
        "%0d%0aSet-Cookie:a=b",
        "a%23b",
        &format!("{id}%23step"),
        &format!("{id}%00"),
        &format!("%20{id}"),
        &"j".repeat(3_000),
        UNKNOWN_JOB,
        "null",
        "-1",
        "%F0%9F%A6%80",
    ];
    for bad in ids {
        check(&mut house, &operator("acme"), Call::get(format!("{BASE}/jobs/{bad}")), 404, "");
        check(&mut house, &dpo("acme"), Call::post(format!("{BASE}/jobs/{bad}/cancel"), &json!({})), 404, "");
    }
    for path in [
        "/",
        "/api",
        "/api/v1",
        "/api/v2/privacy/jobs",
        "/api/v1/privacy",
        "/api/v1/privacy/jobs/",
        "/api/v1/privacy//jobs",
        "/API/V1/privacy/jobs",
        "/api/v1/privacy/canary",
    ] {
        check(&mut house, &operator("acme"), Call::get(path), 404, "");
    }
    for (method, path) in [
        ("GET", "/requests"),
        ("PUT", "/requests"),
        ("POST", "/jobs"),
        ("DELETE", "/jobs"),
        ("PATCH", "/jobs"),
        ("POST", "/me"),
        ("GET", "/export"),
        ("GET", "/me/export"),
        ("OPTIONS", "/jobs"),
        ("TRACE", "/jobs"),
    ] {
        let answer = check(&mut house, &operator("acme"), Call::get(format!("{BASE}{path}")).method(method), 405, "");
        assert!(answer.headers.contains_key("allow"), "{method} {path}");
    }
}

#[test]
fn acts_with_wrong_bodies_or_in_the_wrong_state_are_refused() {
    let mut house = House::new();
    let id = house.post(&operator("acme"), "/requests", &access(ADA.email)).job();
    house.world.run_until_idle();
    let job = |act: &str, body: Value| Call::post(format!("{BASE}/jobs/{id}/{act}"), &body);
    let long = |count: usize| "canary".repeat(count);
    let cases = [
        (job("verify", json!({})), 422, "/code"),
        (job("verify", json!({"code": ""})), 422, "/code"),
        (job("verify", json!({"code": 12_345_678})), 422, "/code"),
        (job("verify", json!({"code": long(6)})), 422, "/code"),
        (job("verify", json!({"code": "1", "job": "canary"})), 422, "/job"),
        (job("verify/resend", json!({"to": "canary@example.com"})), 422, "/to"),
        (job("verify/manual", json!({"method": "m"})), 422, "/note"),
        (job("verify/manual", json!({"method": " ", "note": "n"})), 422, "/method"),
        (job("verify/manual", json!({"method": long(20), "note": "n"})), 422, "/method"),
        (job("verify/manual", json!({"method": "m", "note": long(400)})), 422, "/note"),
        (job("reject", json!({})), 422, "/reason"),
        (job("reject", json!({"reason": " "})), 422, "/reason"),
        (job("reject", json!({"reason": long(200)})), 422, "/reason"),
        (job("cancel", json!({"reason": ""})), 422, "/reason"),
        (job("cancel", json!({"because": "canary"})), 422, "/because"),
        (job("assign", json!({"assignee": null})), 422, "/assignee"),
        (job("assign", json!({"assignee": ""})), 422, "/assignee"),
        (job("assign", json!({"assignee": long(50)})), 422, "/assignee"),
        (job("notes", json!({"note": ""})), 422, "/note"),
        (job("notes", json!({"note": ["canary"]})), 422, "/note"),
        (job("process", json!({"force": true})), 422, "/force"),
        (job("process", json!([])), 422, ""),
        (job("verify", json!(["12345678"])), 422, ""),
        (job("cancel", json!("canary")), 422, ""),
        (job("notes", json!(["canary"])), 422, ""),
    ];
    let officer = dpo("acme").with("roles", json!(["dpo", "super_admin"]));
    for (call, status, place) in cases {
        check(&mut house, &officer, call, status, place);
    }
    let answer = check(&mut house, &admin("acme"), job("process", json!({})), 409, "");
    assert_eq!(answer.body["state"], "awaiting_verification");
    let early = Call::get(format!("{BASE}/jobs/{id}/download"));
    check(&mut house, &subject(ADA), early, 403, "");
    let export = Call::post(format!("{BASE}/export"), &json!({"organization_id": 5}));
    check(&mut house, &owner("acme", "org-1"), export, 422, "/organization_id");
    let export = Call::post(format!("{BASE}/export"), &json!({"organization_id": null, "formats": "both"}));
    check(&mut house, &owner("acme", "org-1"), export, 422, "/formats");
}
