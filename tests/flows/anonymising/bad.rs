//! Bad input: each case is a clear 4xx that names what is wrong, and nothing is written.

use serde_json::{Value, json};

use super::people;
use crate::bad_input::check;
use crate::caller::developer;
use crate::house::{BASE, Call, House};

fn call(path: &str, body: impl Into<Vec<u8>>) -> Call {
    Call::raw(format!("{BASE}{path}"), body)
}

fn refused(house: &mut House, path: &str, body: &Value, place: &str) {
    check(house, &developer("acme"), call(path, body.to_string()), 422, place);
}

#[test]
fn bodies_that_cannot_be_read_are_400_or_413() {
    let mut house = House::new();
    let caller = developer("acme");
    for path in ["/scan", "/anonymize", "/anonymize/dataset"] {
        let deep = format!("{{\"data\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
        for text in [deep.as_str(), "{\"data\":NaN}", "{\"t\":1e999}", "{\"data\":{}", "", "{\"data\":\"\\uD800\"}"] {
            check(&mut house, &caller, call(path, text), 400, "");
        }
        check(&mut house, &caller, call(path, b"{\"data\":\"\xff\"}".to_vec()), 400, "");
        let huge = format!("{{\"text\":\"{}\"}}", "a".repeat(10_000_000));
        check(&mut house, &caller, call(path, huge), 413, "");
        check(&mut house, &caller, call(path, "{\"data\":{\"x\":1,\"x\":2}}"), 422, "/data/x");
    }
    let large = format!("{{\"text\":\"{} ada@example.com\"}}", "a ".repeat(2_000_000));
    let answer = house.ask(&caller, call("/scan", large));
    assert_eq!((answer.status, &answer.body["match_count"]), (200, &json!(1)), "five MiB are taken");
}

#[test]
fn calls_that_contradict_themselves_name_the_field() {
    let mut house = House::new();
    for (path, body, place) in [
        ("/scan", json!({}), "/data"),
        ("/scan", json!({"text": "a", "data": 1}), "/text"),
        ("/scan", json!({"text": 7}), "/text"),
        ("/scan", json!({"text": "a", "texts": 1}), "/texts"),
        ("/anonymize", json!({"method": "masking"}), "/data"),
        ("/anonymize", json!({"data": 1, "method": "canary"}), "/method"),
        ("/anonymize", json!({"data": 1, "method": "k_anonymity"}), "/method"),
        ("/anonymize", json!({"data": 1, "method": null}), "/method"),
        ("/anonymize", json!({"data": 1, "fields": []}), "/fields"),
        ("/anonymize", json!({"data": 1, "fields": ["a", " "]}), "/fields/1"),
        ("/anonymize", json!({"data": 1, "fields": "a"}), "/fields"),
    ] {
        refused(&mut house, path, &body, place);
    }
}

#[test]
fn demands_that_no_data_set_can_meet_name_the_field() {
    let mut house = House::new();
    let good = json!({"rows": people(), "quasi_identifiers": ["age", "city"], "method": "k_anonymity"});
    for (name, value, place) in [
        ("k", json!(0), "/k"),
        ("k", json!(41), "/k"),
        ("k", json!(u64::MAX), "/k"),
        ("k", json!(-1), "/k"),
        ("k", json!(2.5), "/k"),
        ("l", json!(3), "/l"),
        ("t", json!(0.1), "/t"),
        ("method", json!("masking"), "/method"),
        ("rows", json!([]), "/k"),
        ("rows", json!([1]), "/rows/0"),
        ("rows", json!([{"age": [1], "city": "Ulm"}]), "/rows/0"),
        ("rows", json!({}), "/rows"),
        ("quasi_identifiers", json!([]), "/quasi_identifiers"),
        ("quasi_identifiers", json!(["canary"]), "/quasi_identifiers/0"),
        ("quasi_identifiers", json!(["age", "age"]), "/quasi_identifiers/1"),
        ("sensitive", json!("age"), "/sensitive/0"),
        ("sensitive", json!(7), "/sensitive"),
        ("suppression_limit", json!(1.5), "/suppression_limit"),
        ("suppression_limit", json!(-0.1), "/suppression_limit"),
        ("hierarchies", json!({"ill": "flu;virus"}), "/hierarchies"),
        ("hierarchies", json!({"city": "Ulm;South"}), "/hierarchies"),
    ] {
        let mut body = good.clone();
        body[name] = value;
        refused(&mut house, "/anonymize/dataset", &body, place);
    }
    for (method, name, value, place) in [
        ("l_diversity", "l", json!(0), "/l"),
        ("l_diversity", "l", json!(4), "/method"),
        ("t_closeness", "t", json!(null), "/t"),
        ("t_closeness", "t", json!(1.5), "/t"),
        ("l_diversity", "sensitive", json!([]), "/sensitive"),
    ] {
        let mut body = good.clone();
        body["method"] = json!(method);
        body["sensitive"] = json!(["ill"]);
        body[name] = value;
        refused(&mut house, "/anonymize/dataset", &body, place);
    }
}
