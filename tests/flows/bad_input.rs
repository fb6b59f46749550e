//! Bad input: each case is a clear 4xx that names what is wrong and where, and writes nothing.

use habeas_tests::sample::ADA;
use serde_json::{Value, json};

use crate::caller::{Caller, operator, owner, subject};
use crate::house::{Answer, BASE, Call, House, access};

/// Sends a call and expects a problem document with a status and, if given, a place; nothing may be written.
pub(crate) fn check(house: &mut House, caller: &Caller, call: Call, status: u16, place: &str) -> Answer {
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

pub(crate) fn requests(body: impl Into<Vec<u8>>) -> Call {
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
        ("/type", json!({"access": null})),
        ("/type", json!({"access": {}})),
        ("/type", json!(["access"])),
        ("/regime", json!({"gdpr": null})),
        ("/format", json!({"json": null})),
        ("/include_media", json!("true")),
        ("/include_media", json!({})),
        ("/subject", json!([[{"type": "email", "value": ADA.email}]])),
        ("/subject/identities", json!({"0": {"type": "email", "value": ADA.email}})),
        ("/subject/identities/0", json!(["email", ADA.email])),
        ("/subject/identities/0/type", json!({"email": null})),
        ("/subject/identities/0/type", json!(["email"])),
        ("/subject/identities/0/value", json!([ADA.email])),
        ("/subject/identities/0/value", json!({"value": ADA.email})),
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
    let more = json!({"identities": [{"type": "email", "value": ADA.email}], "tenant": "globex"});
    let body = changed("/subject", &more).to_string();
    check(&mut house, &operator("acme"), requests(body), 422, "/subject/tenant");
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
fn a_name_that_is_given_twice_is_422_at_every_depth() {
    let mut house = House::new();
    let identity = format!("{{\"type\":\"email\",\"value\":\"{}\"}}", ADA.email);
    let subject = format!("{{\"identities\":[{identity}]}}");
    for (body, place) in [
        (format!("{{\"type\":\"access\",\"subject\":{subject},\"subject\":{subject}}}"), "/subject"),
        (
            format!("{{\"type\":\"access\",\"subject\":{{\"identities\":[],\"identities\":[{identity}]}}}}"),
            "/subject/identities",
        ),
        (
            format!(
                "{{\"type\":\"rectification\",\"subject\":{subject},\"corrections\":[{{\"value\":{{\"b\":1,\"b\":2}}}}]}}"
            ),
            "/corrections/0/value/b",
        ),
        (format!("{{\"type\":\"access\",\"\\u0074ype\":\"portability\",\"subject\":{subject}}}"), "/type"),
    ] {
        check(&mut house, &operator("acme"), requests(body), 422, place);
    }
}

#[test]
fn numbers_and_switches_as_text_are_422() {
    let mut house = House::new();
    let delete = |value: Value| {
        Call::post(format!("{BASE}/delete"), &json!({"confirm_org_name": "Acme", "grace_period_days": value}))
    };
    for value in [json!("7"), json!(7.5), json!(-1), json!(70_000), json!([7]), json!(true)] {
        check(&mut house, &owner("acme", "org-1"), delete(value), 422, "/grace_period_days");
    }
    for body in [json!({"include_media": "false"}), json!({"include_media": 0}), json!({"include_media": [false]})] {
        check(&mut house, &subject(ADA), Call::post(format!("{BASE}/me/export"), &body), 422, "/include_media");
    }
}

#[test]
fn questions_of_importers_are_422_with_their_place() {
    let mut house = House::new();
    let one = json!({"type": "email", "value": ADA.email});
    for (identities, place) in [
        (json!([]), "/identities"),
        (json!(vec![one.clone(); 101]), "/identities"),
        (json!([one, {"type": "email", "value": "canary"}]), "/identities/1/value"),
        (json!([{"type": "name", "value": "canary"}]), "/identities/0/type"),
        (json!("canary"), "/identities"),
    ] {
        let call = Call::post(format!("{BASE}/suppressions/check"), &json!({ "identities": identities }));
        check(&mut house, &operator("acme"), call, 422, place);
    }
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
    let names =
        "is not supported yet; supported are access, portability, erasure, rectification, restriction, objection";
    let unsupported = ["automated_decision_review", "opt_out", "limit_use"];
    for kind in unsupported {
        let answer =
            check(&mut house, &operator("acme"), requests(changed("/type", &json!(kind)).to_string()), 422, "/type");
        assert_eq!(answer.body["errors"][0]["detail"], names);
    }
}
