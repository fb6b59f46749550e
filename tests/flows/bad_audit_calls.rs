//! Bad calls of every route of `audit-api`: a 4xx that names what is wrong, quotes nothing, writes nothing.

use serde_json::json;

use crate::audit_log::{busy, look};
use crate::bad_input::check;
use crate::caller::{Caller, developer};
use crate::house::{AUDIT, Call, EVIDENCE, House};

const EVENT: &str = "evt_00000000000000000000000000000000";
const PIECE: &str = "evd_00000000000000000000000000000000";

fn auditor() -> Caller {
    Caller::new("acme", "auditor")
}

fn refused(house: &mut House, query: &str, place: &str) {
    for path in ["/events", "/events/export"] {
        check(house, &auditor(), Call::get(format!("{AUDIT}{path}?{query}")), 422, place);
    }
}

#[test]
fn a_period_that_is_none_is_named_by_both_routes() {
    let mut house = House::new();
    for time in
        ["canary", "", "2026-02-30T00:00:00Z", "2026-03-01T00:00:00", "1772323200", "-010000-01-01T00:00:00Z", "%00"]
    {
        refused(&mut house, &format!("start={time}&end=2026-03-02T00:00:00Z"), "?start");
        refused(&mut house, &format!("start=2026-03-01T00:00:00Z&end={time}"), "?end");
    }
    for (start, end) in [
        ("2026-03-02T00:00:00Z", "2026-03-01T23:59:59.999999999Z"),
        ("2026-03-02T00:00:00%2B01:00", "2026-03-01T23:00:00Z"),
        ("2016-03-02T00:00:00Z", "2026-03-02T00:00:00Z"),
        ("2024-02-29T23:59:59Z", "2026-03-02T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "9999-12-30T00:00:00Z"),
    ] {
        refused(&mut house, &format!("start={start}&end={end}"), "?start");
    }
    refused(&mut house, "start=2026-03-01T00:00:00Z&start=2026-03-01T00:00:00Z&end=2026-03-02T00:00:00Z", "?start");
    let longest = "start=2024-03-01T00:00:00Z&end=2026-03-02T00:00:00Z";
    for path in ["/events", "/events/export"] {
        assert_eq!(
            look(&mut house, &auditor(), &format!("{path}?{longest}")).status,
            200,
            "731 days are none too many"
        );
    }
}

#[test]
fn filters_that_are_unknown_or_wrong_are_named() {
    let mut house = House::new();
    let long = "x".repeat(51);
    for (query, place) in [
        ("tenant=globex", "?tenant"),
        ("user=someone", "?user"),
        ("Action=read", "?Action"),
        ("action=read&action=read", "?action"),
        ("action=", "?action"),
        ("actor=WORKER", "?actor"),
        ("actor=0123456789abcdef0123456789abcde", "?actor"),
        ("actor=0123456789ABCDEF0123456789ABCDEF", "?actor"),
        ("actor=%27%20OR%201=1", "?actor"),
        ("resource_id=%00canary", "?resource_id"),
        ("resource_type=a%0d%0ab", "?resource_type"),
        (&format!("resource_type={long}"), "?resource_type"),
        ("level=Info", "?level"),
        ("outcome=canary", "?outcome"),
        ("limit=-1", "?limit"),
        ("limit=1.5", "?limit"),
        ("limit=99999999999999999999", "?limit"),
        ("limit=", "?limit"),
    ] {
        check(&mut house, &auditor(), Call::get(format!("{AUDIT}/events?{query}")), 422, place);
    }
    let period = "start=2026-03-01T00:00:00Z&end=2026-03-02T00:00:00Z";
    // An export is of everything: a filter that were ignored would look like one that was obeyed.
    for name in ["actor", "action", "resource_type", "resource_id", "level", "outcome", "cursor", "limit", "canary1"] {
        let place = if name == "canary1" { String::new() } else { format!("?{name}") };
        let call = Call::get(format!("{AUDIT}/events/export?{period}&{name}=1"));
        if place.is_empty() {
            assert_eq!(house.ask(&auditor(), call).status, 422);
        } else {
            check(&mut house, &auditor(), call, 422, &place);
        }
    }
    for format in ["", "CSV", "xlsx", "canary"] {
        let call = Call::get(format!("{AUDIT}/events/export?{period}&format={format}"));
        check(&mut house, &auditor(), call, 422, "?format");
    }
    check(&mut house, &auditor(), Call::get(format!("{AUDIT}/events?actor=%ff")), 422, "");
}

#[test]
fn every_letter_of_a_cursor_counts_and_it_is_of_one_list() {
    let (mut house, _) = busy();
    let cursor = look(&mut house, &auditor(), "/events?limit=3").body["next_cursor"].as_str().unwrap().to_owned();
    let ask = |house: &mut House, cursor: &str| {
        check(house, &auditor(), Call::get(format!("{AUDIT}/events?limit=3&cursor={cursor}")), 422, "?cursor");
    };
    for place in 0..cursor.len() {
        let mut changed = cursor.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'Q' } else { b'A' };
        ask(&mut house, std::str::from_utf8(&changed).unwrap());
    }
    for other in
        [&cursor[1..], &cursor[..cursor.len() - 1], &format!("{cursor}A"), &cursor.repeat(2), &cursor.to_lowercase()]
    {
        ask(&mut house, other);
    }
    for filter in ["action=read", "start=2026-03-01T00:00:00Z", "outcome=success", "actor=worker"] {
        let call = Call::get(format!("{AUDIT}/events?limit=3&{filter}&cursor={cursor}"));
        check(&mut house, &auditor(), call, 422, "?cursor");
    }
    check(&mut house, &auditor(), Call::get(format!("{EVIDENCE}?cursor={cursor}")), 422, "?cursor");
    let page = look(&mut house, &auditor(), &format!("/events?limit=1&cursor={cursor}"));
    assert_eq!(page.status, 200, "as it was given it goes on, also with another limit");
}

#[test]
fn routes_that_take_nothing_refuse_what_they_are_given() {
    let (mut house, _) = busy();
    let event = look(&mut house, &auditor(), "/events?limit=1").body["items"][0]["id"].as_str().unwrap().to_owned();
    let gets = [
        format!("{AUDIT}/checkpoint"),
        format!("{AUDIT}/events/{event}"),
        format!("{AUDIT}/events/{event}/proof"),
        format!("{EVIDENCE}/{PIECE}"),
        format!("{EVIDENCE}/{PIECE}/custody"),
    ];
    for path in &gets {
        check(&mut house, &auditor(), Call::get(format!("{path}?limit=1")), 422, "?limit");
    }
    let posts = [format!("{AUDIT}/verify"), format!("{EVIDENCE}/{PIECE}/verify")];
    for path in &posts {
        check(&mut house, &auditor(), Call::post(format!("{path}?limit=1"), &json!({})), 422, "?limit");
        check(&mut house, &auditor(), Call::post(path.clone(), &json!({"depth": 1})), 422, "/depth");
        for body in ["{", "[]", "7", "{}{}", "{\"canary\": 1}"] {
            let call = Call { body: body.as_bytes().to_vec(), ..Call::post(path.clone(), &json!({})) };
            let answer = house.ask(&auditor(), call);
            assert!([400, 422].contains(&answer.status), "{path} {body}: {}", answer.body);
            assert_eq!(answer.headers["content-type"], "application/problem+json", "{path} {body}");
        }
    }
    let new = Call::post(format!("{EVIDENCE}?limit=1"), &json!({}));
    assert_eq!(house.ask(&developer("acme"), new).status, 422);
    for path in [
        AUDIT.to_owned(),
        format!("{AUDIT}/"),
        format!("{AUDIT}/events/"),
        format!("{AUDIT}/events/{EVENT}/x"),
        format!("{EVIDENCE}/{PIECE}/x"),
    ] {
        check(&mut house, &auditor(), Call::get(path), 404, "");
    }
    for id in [EVENT, "evt_", "canary", "..%2f..%2fevents", "%00", &event.to_uppercase(), &event[..35], PIECE] {
        check(&mut house, &auditor(), Call::get(format!("{AUDIT}/events/{id}/proof")), 404, "");
        check(&mut house, &auditor(), Call::get(format!("{EVIDENCE}/{id}/custody")), 404, "");
    }
    for (method, path) in
        [("POST", "/events"), ("DELETE", "/checkpoint"), ("GET", "/verify"), ("PUT", "/events/export")]
    {
        let call = Call { method, ..Call::get(format!("{AUDIT}{path}")) };
        assert_eq!(house.ask(&auditor(), call).status, 405, "{method} {path}");
    }
}
