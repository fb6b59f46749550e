//! Bad input: each case is a clear 4xx that names what is wrong and where, and writes nothing.

use habeas_tests::sample::ADA;
use serde_json::{Value, json};

use crate::caller::{Caller, admin, dpo, operator, owner, subject};
use crate::house::{Answer, BASE, Call, House, UNKNOWN_JOB, access};

/// Sends a call and expects a problem document with a status and, if given, a place; nothing may be written.
fn check(house: &mut House, caller: &Caller, call: Call, status: u16, place: &str) -> Answer {
    let before = house.written();
    let asked = format!(
        "{} {} {}",
        call.method,
        call.path,
        String::from_utf8_lossy(&call.body).chars().take(120).collect::<String>()
    );
    let answer = house.ask(caller, call);
    assert_eq!(answer.status, status, "{asked}: {}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{asked}");
    let type_uri = answer.body["type"].as_str().unwrap();
    assert!(type_uri.starts_with("https://habeas.dev/problems/"), "{asked}: {type_uri}");
    assert_eq!(answer.body["status"], status, "{asked}");
    for member in ["title", "detail", "instance", "request_id"] {
        assert!(!answer.body[member].as_str().unwrap().is_empty(), "{asked}: no {member}");
    }
    assert_eq!(answer.headers["x-request-id"].to_str().unwrap(), answer.body["request_id"], "{asked}");
    if !place.is_empty() {
        let places: Vec<_> = answer.body["errors"].as_array().unwrap().iter().map(|it| &it["pointer"]).collect();
        assert!(places.contains(&&json!(place)), "{asked}: {places:?}");
        assert!(answer.body["errors"].as_array().unwrap().iter().all(|it| it["detail"] != ""), "{asked}");
    }
    let problem = answer.body.to_string().replace(answer.body["instance"].as_str().unwrap(), "");
    assert!(!problem.contains("canary"), "{asked}: quotes what was sent: {problem}");
    assert!(house.written() == before, "{asked}: something was written");
    answer
}

/// A good request with the value at a pointer replaced, or added.
fn changed(pointer: &str, value: &Value) -> Value {
    let mut body = access(ADA.email);
    match body.pointer_mut(pointer) {
        Some(place) => *place = value.clone(),
        None => body[&pointer[1..]] = value.clone(),
    }
    body
}

fn requests(body: impl Into<Vec<u8>>) -> Call {
    Call::raw(format!("{BASE}/requests"), body)
}

#[test]
fn bodies_that_cannot_be_read_are_400_413_or_415() {
    let mut house = House::new();
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(5_000), close.repeat(5_000));
    let texts = [
        "",
        " \n ",
        "{",
        "}",
        "{]",
        "nope",
        "nul",
        "{}{}",
        "{} x",
        "{\"type\":}",
        "{\"a\":1,}",
        "{'a':1}",
        "\u{feff}{}",
        "{\"type\":\"\\uD800\"}",
        "{\"type\":\"\u{1}\"}",
        "{\"a\":01}",
        "{\"a\":1e999}",
        "{\"a\":NaN}",
        "// c\n{}",
        "{\"type\":\"access\"",
        "[1,2",
        "\"\\x\"",
    ];
    for text in texts {
        check(&mut house, &operator("acme"), requests(text), 400, "");
    }
    for text in [deep("[", "]"), deep("{\"a\":", "}"), "[".repeat(100_000), "{\"a\":".repeat(60_000)] {
        check(&mut house, &operator("acme"), requests(text), 400, "");
    }
    for bytes in [vec![0xff, 0xfe], vec![b'"', 0xc3, b'"'], vec![0], b"{\"type\":\"\xf0\x9f\"}".to_vec()] {
        check(&mut house, &operator("acme"), requests(bytes), 400, "");
    }
    let good = access(ADA.email).to_string();
    let huge = format!("{good}{}", " ".repeat(1 << 20));
    check(&mut house, &operator("acme"), requests(huge.clone()), 413, "");
    check(&mut house, &operator("acme"), requests(good.clone()).with("content-length", "99999999999"), 413, "");
    for kind in ["", "text/plain", "application/xml", "application/x-www-form-urlencoded", "json", "application/jsonp"]
    {
        check(&mut house, &operator("acme"), requests(good.clone()).with("content-type", kind), 415, "");
    }
    check(&mut house, &subject(ADA), Call::raw(format!("{BASE}/me/export"), huge), 413, "");
    check(&mut house, &subject(ADA), Call::raw(format!("{BASE}/me/export"), "{}").with("content-type", "a/b"), 415, "");
}

#[test]
fn fields_that_are_wrong_are_422_with_their_place() {
    let mut house = House::new();
    let identities = |count: usize| json!(vec![json!({"type": "user_id", "value": "canary"}); count]);
    let cases = [
        ("/type", json!("canary")),
        ("/type", json!("ACCESS")),
        ("/type", json!("")),
        ("/type", json!(null)),
        ("/type", json!(1)),
        ("/regime", json!("canary")),
        ("/regime", json!(5)),
        ("/format", json!("canary")),
        ("/format", json!("")),
        ("/format", json!(["json"])),
        ("/include_media", json!("canary")),
        ("/include_media", json!(1)),
        ("/include_media", json!(null)),
        ("/description", json!(17)),
        ("/description", json!("canary".repeat(400))),
        ("/received_at", json!("canary")),
        ("/received_at", json!("")),
        ("/received_at", json!("2026-02-30T00:00:00Z")),
        ("/received_at", json!("2026-03-01")),
        ("/received_at", json!(1_772_442_000)),
        ("/received_at", json!("2026-03-02T09:00:01Z")),
        ("/received_at", json!("9999-12-31T23:59:59Z")),
        ("/received_at", json!("2025-12-02T08:59:59Z")),
        ("/received_at", json!("0000-01-01T00:00:00Z")),
        ("/corrections", json!({"name": "canary"})),
        ("/unknown_field", json!(1)),
        ("/tenant", json!("globex")),
        ("/organization_id", json!("org-1")),
        ("/status", json!("completed")),
        ("/subject", json!([])),
        ("/subject", json!("canary")),
        ("/subject", json!(null)),
        ("/subject/identities", json!({})),
        ("/subject/identities", json!([])),
        ("/subject/identities", identities(21)),
        ("/subject/identities", identities(5_000)),
        ("/subject/identities/0", json!("canary")),
        ("/subject/identities/0/type", json!("canary")),
        ("/subject/identities/0/type", json!("organization_id")),
        ("/subject/identities/0/value", json!("")),
        ("/subject/identities/0/value", json!("  ")),
        ("/subject/identities/0/value", json!(12)),
        ("/subject/identities/0/value", json!(null)),
        ("/subject/identities/0/value", json!("canary")),
        ("/subject/identities/0/value", json!("canary@")),
        ("/subject/identities/0/value", json!("@example.com")),
        ("/subject/identities/0/value", json!("canary@example")),
        ("/subject/identities/0/value", json!("canary@exa mple.com")),
        ("/subject/identities/0/value", json!("canary@example..com")),
        ("/subject/identities/0/value", json!("a@b@example.com,canary@example.com")),
        ("/subject/identities/0/value", json!("canary@example.com\r\nBcc: all@example.com")),
        ("/subject/identities/0/value", json!("canary\u{0}@example.com")),
        ("/subject/identities/0/value", json!("<canary@example.com>")),
        ("/subject/identities/0/value", json!(format!("{}@example.com", "a".repeat(65)))),
        ("/subject/identities/0/value", json!("a".repeat(100_000))),
    ];
    assert!(cases.len() > 50);
    for (place, value) in &cases {
        check(&mut house, &operator("acme"), requests(changed(place, value).to_string()), 422, place);
    }
    let more = json!({"type": "email", "value": ADA.email, "verified": true});
    let body = changed("/subject/identities/0", &more).to_string();
    check(&mut house, &operator("acme"), requests(body), 422, "/subject/identities/0/verified");
    for (body, place) in [
        ("[]", ""),
        ("\"canary\"", ""),
        ("null", ""),
        ("7", ""),
        ("{}", "/type"),
        ("{\"type\":\"access\"}", "/subject"),
    ] {
        check(&mut house, &operator("acme"), requests(body), 422, place);
    }
    let twice = access(ADA.email).to_string().replacen('{', "{\"type\":\"access\",", 1);
    check(&mut house, &operator("acme"), requests(twice), 422, "/type");
    let nested = "{\"type\":\"access\",\"subject\":{\"identities\":[{\"type\":\"email\",\"value\":\"a@b.de\",\"value\":\"c@d.de\"}]}}";
    check(&mut house, &operator("acme"), requests(nested), 422, "/subject/identities/0/value");
}

#[test]
fn several_mistakes_are_told_at_once() {
    let mut house = House::new();
    let mut body = changed("/received_at", &json!("canary"));
    body["subject"]["identities"] =
        json!([{"type": "email", "value": "canary"}, {"type": "phone_number", "value": "canary"}]);
    let answer = check(&mut house, &operator("acme"), requests(body.to_string()), 422, "/received_at");
    assert_eq!(answer.body["errors"].as_array().unwrap().len(), 3);
}

#[test]
fn unsupported_types_name_the_supported_ones() {
    let mut house = House::new();
    let names = "is not supported yet; supported are access, portability";
    let unsupported =
        ["erasure", "rectification", "restriction", "objection", "automated_decision_review", "opt_out", "limit_use"];
    for kind in unsupported {
        let answer =
            check(&mut house, &operator("acme"), requests(changed("/type", &json!(kind)).to_string()), 422, "/type");
        assert_eq!(answer.body["errors"][0]["detail"], names);
    }
    let body = json!({"confirm_org_name": "Acme"});
    let answer = check(&mut house, &owner("acme", "org-1"), Call::post(format!("{BASE}/delete"), &body), 422, "");
    assert!(answer.body["detail"].as_str().unwrap().ends_with(names));
    let answer = check(&mut house, &subject(ADA), Call::raw(format!("{BASE}/me/delete"), ""), 422, "");
    assert!(answer.body["detail"].as_str().unwrap().ends_with(names));
}

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
