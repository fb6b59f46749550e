//! Data that is sent: scanned, anonymised value by value or as a whole; the trail has counts, nothing else is kept.

use domain::event::AuditEvent;
use domain::record::Record;
use serde_json::{Value, json};

use crate::caller::{Caller, admin, developer, operator};
use crate::house::{BASE, Call, House};

mod bad;
mod ordered;
mod sources;

const CARD: &str = "4111 1111 1111 1111";

/// The audit events of the tenant itself, oldest first, but for looks at jobs.
fn trail(house: &House) -> Vec<AuditEvent> {
    let own = |record: &Record| match record {
        Record::Event(event) if event.job.is_none() && event.resource_type != "job" => Some(AuditEvent::clone(event)),
        _ => None,
    };
    house.world.memory.inspect(|state| state.items.values().filter_map(|record| own(record)).collect())
}

fn ok(house: &mut House, path: &str, body: &Value) -> Value {
    let answer = house.post(&developer("acme"), path, body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

#[test]
fn scanning_tells_where_and_what_and_never_the_value() {
    let mut house = House::new();
    let text = format!("Zoë pays by {CARD}");
    let body = json!({"data": {"user": {"email": "ada@example.com"}, "notes": [text, null, 7]}});
    let found = ok(&mut house, "/scan", &body);
    assert_eq!(found["pii_found"], true);
    let all = found["matches"].as_array().unwrap();
    let of = |kind: &str, field: &str| {
        all.iter().find(|it| it["type"] == kind && it["field"] == field).unwrap_or_else(|| panic!("{kind}: {found}"))
    };
    assert_eq!(of("email", "user.email")["classification"], "confidential");
    let card = of("credit_card", "notes[0]");
    let (start, chars) = (card["start"].as_u64().unwrap(), card["char_start"].as_u64().unwrap());
    assert_eq!((start, chars), (13, 12));
    assert!(card["confidence"].as_f64().unwrap() >= 0.9 && found["risk_score"].as_f64().unwrap() > 50.0);
    assert!(!found.to_string().contains("ada@example.com") && !found.to_string().contains("4111"));
    let events = trail(&house);
    let event = events.last().unwrap();
    assert_eq!((event.resource_type.as_str(), event.action.as_str()), ("scan", "read"));
    assert!(event.counts.contains(&("credit_card".to_owned(), 1)), "{:?}", event.counts);
    let stored = house.world.memory.inspect(|state| format!("{:?}", state.items));
    assert!(!stored.contains("ada@example.com") && !stored.contains("4111"));
}

#[test]
fn a_text_without_personal_data_has_no_finds() {
    let mut house = House::new();
    let found = ok(&mut house, "/scan", &json!({"text": "the answer took 12 ms"}));
    assert_eq!(
        (&found["pii_found"], &found["matches"], &found["risk_score"]),
        (&json!(false), &json!([]), &json!(0.0))
    );
    let found = ok(&mut house, "/scan", &json!({"data": null}));
    assert_eq!(found["pii_found"], false);
}

#[test]
fn each_method_has_its_forms_and_shapes_stay() {
    let mut house = House::new();
    let data = json!({"email": "email@example.com", "ip_address": "192.168.1.7", "gone": null, "list": [1, true]});
    let mut by = |method: &str| {
        let answer = ok(&mut house, "/anonymize", &json!({"data": data, "method": method}));
        assert_eq!(answer["method"], method);
        assert_eq!(answer["anonymized_data"]["gone"], Value::Null);
        assert_eq!(answer["anonymized_data"]["list"], json!([1, true]));
        answer
    };
    assert_eq!(by("masking")["anonymized_data"]["email"], "e***l@example.com");
    assert_eq!(by("redaction")["anonymized_data"]["email"], "[REDACTED]");
    let hashed = by("hashing")["anonymized_data"]["email"].as_str().unwrap().to_owned();
    assert!(hashed.starts_with("hash_") && hashed.len() == 21, "{hashed}");
    assert_eq!(by("hashing")["anonymized_data"]["email"], hashed);
    let coarse = by("generalization");
    assert_eq!(coarse["anonymized_data"]["ip_address"], "192.168.0.0");
    assert!(coarse["unchanged_count"].as_u64().unwrap() > 0, "{coarse}");
    let pseudonym = by("pseudonymization")["anonymized_data"]["email"].clone();
    assert!(pseudonym.as_str().unwrap().ends_with("@example.com") && pseudonym != "email@example.com");
    assert_eq!(by("pseudonymization")["anonymized_data"]["email"], pseudonym);
    let other = house.post(&developer("globex"), "/anonymize", &json!({"data": data, "method": "hashing"}));
    assert_ne!(other.body["anonymized_data"]["email"], hashed, "tenants have keys of their own");
}

#[test]
fn masking_is_the_default_and_fields_narrow_it() {
    let mut house = House::new();
    let data = json!({"a": {"mail": "ada@example.com"}, "b": "bob@example.com", "age": 40});
    let answer = ok(&mut house, "/anonymize", &json!({"data": data, "fields": ["a.mail"]}));
    assert_eq!(answer["anonymized_data"], json!({"a": {"mail": "a*a@example.com"}, "b": "bob@example.com", "age": 40}));
    let answer = ok(&mut house, "/anonymize", &json!({"data": data, "method": "noise_addition", "fields": ["age"]}));
    assert!(answer["anonymized_data"]["age"].is_number(), "{answer}");
    assert_eq!(answer["anonymized_data"]["b"], "bob@example.com");
}

fn people() -> Vec<Value> {
    let ills = ["flu", "cold", "gout", "flu"];
    let city = |at: usize| if at.is_multiple_of(2) { "Ulm" } else { "Bonn" };
    (0..40).map(|at| json!({"id": at, "age": 20 + at, "city": city(at), "ill": ills[at % 4]})).collect()
}

#[test]
fn a_data_set_leaves_without_anybody_alone_in_it() {
    let mut house = House::new();
    let mut body = json!({"rows": people(), "quasi_identifiers": ["age", "city"], "method": "k_anonymity"});
    let answer = ok(&mut house, "/anonymize/dataset", &body);
    assert!(answer["k"].as_u64().unwrap() >= 5, "{answer}");
    assert_eq!((answer["rows"].as_array().unwrap().len(), &answer["l"]), (40, &Value::Null));
    assert_eq!(answer["dropped_columns"], json!(["id", "ill"]));
    assert!(answer["rows"][0].get("id").is_none());
    let groups = |answer: &Value| {
        let mut counts = std::collections::BTreeMap::<String, u64>::new();
        for row in answer["rows"].as_array().unwrap() {
            *counts.entry(format!("{}|{}", row["age"], row["city"])).or_default() += 1;
        }
        counts
    };
    assert!(groups(&answer).values().all(|count| *count >= 5));
    let loss = answer["information_loss"].as_f64().unwrap();
    assert!(loss > 0.0 && loss < 1.0, "{loss}");
    body["method"] = json!("l_diversity");
    body["sensitive"] = json!("ill");
    let answer = ok(&mut house, "/anonymize/dataset", &body);
    assert!(answer["l"].as_u64().unwrap() >= 3 && answer["rows"][1]["ill"] == "cold", "{answer}");
    body["method"] = json!("t_closeness");
    body["t"] = json!(0.3);
    let answer = ok(&mut house, "/anonymize/dataset", &body);
    assert!(answer["t"].as_f64().unwrap() <= 0.3, "{answer}");
    assert_eq!(trail(&house).iter().filter(|event| event.resource_type == "dataset").count(), 3);
}

#[test]
fn only_who_may_write_resources_is_let_in() {
    let mut house = House::new();
    let body = json!({"text": "x"});
    for caller in [operator("acme"), Caller::new("acme", "dpo"), Caller::new("acme", "auditor")] {
        let answer = house.post(&caller, "/scan", &body);
        assert_eq!(answer.status, 403, "{}", answer.body);
        assert_eq!(answer.body["permissions"], json!(["resource:write"]));
    }
    assert_eq!(house.post(&admin("acme"), "/scan", &body).status, 200);
    let anonymous = house.send(Call::post(format!("{BASE}/scan"), &body));
    assert_eq!(anonymous.status, 401);
    let wrong = house.ask(&admin("acme"), Call::get(format!("{BASE}/scan")));
    assert_eq!(wrong.status, 405, "{}", wrong.body);
}
