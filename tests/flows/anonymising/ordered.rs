//! Whole collections by source: a job reads them, leaves gzipped lines, and a signed link hands them out.

use std::io::Read as _;

use adapters_memory::{Chaos, SplitMix};
use domain::record::{Counter, Record};
use flate2::read::MultiGzDecoder;
use habeas_tests::sample::tenant;
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::sources::{ask, house, house_of, people};
use crate::bad_input::check;
use crate::caller::{Caller, developer, operator};
use crate::house::{BASE, Call, House};

/// The lines of a result.
fn lines(bytes: &[u8]) -> Vec<Value> {
    let mut text = String::new();
    MultiGzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn order(house: &mut House, path: &str, body: &Value) -> String {
    let answer = house.post(&developer("acme"), path, body);
    assert_eq!(answer.status, 202, "{}", answer.body);
    assert_eq!(answer.headers["location"], answer.body["links"]["self"].as_str().unwrap());
    answer.body["job_id"].as_str().unwrap().to_owned()
}

fn shown(house: &mut House, id: &str) -> Value {
    house.get(&developer("acme"), &format!("/jobs/{id}")).body
}

/// Orders, lets the workers work, and opens what came of it.
fn made(house: &mut House, path: &str, body: &Value) -> (Value, Vec<Value>) {
    let id = order(house, path, body);
    house.deliver(50);
    let job = shown(house, &id);
    assert_eq!(job["status"], "completed", "{job}");
    let bytes = house.fetch(&developer("acme"), &id);
    let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(job["archive"]["sha256"], sha256);
    assert_eq!(job["archive"]["bytes"], bytes.len());
    (job, lines(&bytes))
}

fn spent(house: &House) -> i64 {
    let key = Counter::privacy_spent(&tenant("acme"));
    house.world.memory.inspect(|state| match state.items.get(&key).map(AsRef::as_ref) {
        Some(Record::Counter(counter)) => counter.value,
        _ => 0,
    })
}

#[test]
fn every_row_of_a_source_leaves_without_its_people() {
    let mut house = house("allow");
    let (job, rows) = made(&mut house, "/anonymize", &json!({"source": people(), "method": "redaction"}));
    assert_eq!((rows.len(), &job["result"]["rows_read"], &job["archive"]["rows"]), (40, &json!(40), &json!(40)));
    assert!(job["result"]["counts"]["found"].as_u64().unwrap() >= 80, "{job}");
    assert_eq!((&job["type"], &job["scope"]), (&json!("anonymization"), &json!("collection")));
    for row in &rows {
        assert_eq!(row["email"], "[REDACTED]");
        assert!(row["city"].is_string() && !row.to_string().contains("203.0.113.9"), "{row}");
    }
    assert!(house.has_key("acme", job["id"].as_str().unwrap()));
    house.world.advance(SignedDuration::from_hours(25));
    house.world.run_until_idle();
    let id = job["id"].as_str().unwrap();
    assert_eq!(house.objects(id), [""; 0]);
    assert!(!house.has_key("acme", id));
    assert_eq!(house.get(&developer("acme"), &format!("/jobs/{id}/download")).status, 410);
}

#[test]
fn a_scan_of_a_source_says_where_and_never_what() {
    let mut house = house("allow");
    let (job, rows) = made(&mut house, "/scan", &json!({"source": people()}));
    assert_eq!(rows.len(), 40);
    assert!(job["result"]["counts"]["email"].as_u64().unwrap() >= 40, "{job}");
    let found = rows[0]["matches"].as_array().unwrap();
    assert!(found.iter().any(|it| it["type"] == "email" && it["field"] == "email"), "{found:?}");
    assert!(!serde_json::to_string(&rows).unwrap().contains("example."));
}

#[test]
fn what_a_call_cannot_read_is_grouped_by_a_job() {
    let mut house = house_of("allow", 1_300);
    house.world.memory.change_sources(|sources| sources.page_rows = 1);
    let mut body = json!({"source": people(), "quasi_identifiers": ["age", "city"], "method": "k_anonymity", "k": 4});
    let (job, rows) = made(&mut house, "/anonymize/dataset", &body);
    assert_eq!((rows.len(), &job["result"]["rows_read"]), (1_040, &json!(1_040)));
    assert!(job["result"]["counts"]["k"].as_u64().unwrap() >= 4, "{job}");
    assert!(rows.iter().all(|row| row.as_object().unwrap().len() == 2), "only named columns leave");
    body["k"] = json!(5_000);
    let id = order(&mut house, "/anonymize/dataset", &body);
    house.deliver(50);
    let job = shown(&mut house, &id);
    assert_eq!(job["status"], "rejected", "{job}");
    assert!(job["resolution_notes"].as_str().unwrap().starts_with("k "), "{job}");
}

#[test]
fn a_question_to_a_large_source_is_paid_once() {
    let mut house = house_of("allow", 1_300);
    house.world.memory.change_sources(|sources| sources.page_rows = 1);
    let body = ask(&json!({"sum": {"field": "age", "low": 0, "high": 100}}), 4.0);
    let call = || Call::post(format!("{BASE}/analytics"), &body).with("idempotency-key", "once");
    let first = house.ask(&developer("acme"), call());
    assert_eq!((first.status, spent(&house)), (202, 4_000_000), "{}", first.body);
    let again = house.ask(&developer("acme"), call());
    assert_eq!((&again.body["job_id"], spent(&house)), (&first.body["job_id"], 4_000_000));
    house.deliver(50);
    let id = first.body["job_id"].as_str().unwrap().to_owned();
    let answer = lines(&house.fetch(&developer("acme"), &id));
    let near = (answer[0]["answer"].as_f64().unwrap() - 1_040.0 * 39.5).abs();
    assert!(near < 1_500.0 && spent(&house) == 4_000_000, "{answer:?}");
    let refused = house.post(&developer("acme"), "/analytics", &ask(&json!({"count": {}}), 6.5));
    assert_eq!((refused.status, &refused.body["quota"]), (429, &json!("privacy_budget_micros")));
}

#[test]
fn a_result_is_for_whoever_ordered_it() {
    let mut house = house("allow");
    let id = order(&mut house, "/scan", &json!({"source": people()}));
    house.deliver(50);
    for path in [format!("/jobs/{id}"), format!("/jobs/{id}/download")] {
        assert_eq!(house.get(&developer("globex"), &path).status, 404, "{path}");
    }
    assert_eq!(house.get(&operator("acme"), &format!("/jobs/{id}")).status, 200);
    assert_eq!(house.get(&operator("acme"), &format!("/jobs/{id}/download")).status, 403);
}

#[test]
fn a_killed_worker_loses_no_row_and_doubles_none() {
    for seed in 0..6 {
        let mut house = house("allow");
        house.world.memory.change_sources(|sources| sources.page_rows = 10);
        let id = order(&mut house, "/anonymize", &json!({"source": people(), "method": "redaction"}));
        let random = SplitMix::new(seed);
        let chaos = Chaos { random, crash: 12, fail: 12, lose_answer: 12, retried: 10, throttle: 10 };
        house.world.memory.change(|state| state.faults.set_chaos(Some(chaos)));
        let horizon = house.world.memory.now() + SignedDuration::from_hours(6);
        house.world.run_until(horizon);
        house.world.memory.change(|state| state.faults.set_chaos(None));
        let bytes = house.fetch(&developer("acme"), &id);
        let mut ids: Vec<String> = lines(&bytes).iter().map(|row| row["id"].to_string()).collect();
        let all = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!((all, ids.len()), (40, 40), "seed {seed}");
    }
}

#[test]
fn orders_that_cannot_be_done_name_the_field() {
    let mut house = house("allow");
    let caller = developer("acme");
    for (path, body, place) in [
        ("/scan", json!({"source": {"dataset": "crm", "collection": "canary"}}), "/source/collection"),
        ("/scan", json!({"source": {"dataset": "canary", "collection": "people"}}), "/source/dataset"),
        ("/scan", json!({"source": people(), "text": "x"}), "/source"),
        ("/anonymize", json!({"source": people(), "data": {}}), "/source"),
        ("/anonymize", json!({"source": people(), "fields": []}), "/fields"),
        ("/anonymize", json!({"method": "masking"}), "/data"),
    ] {
        check(&mut house, &caller, Call::post(format!("{BASE}{path}"), &body), 422, place);
    }
    let body = json!({"source": people()});
    let mut closed = super::sources::house("deny");
    check(&mut closed, &caller, Call::post(format!("{BASE}/scan"), &body), 422, "/source/collection");
    for caller in [operator("acme"), Caller::new("acme", "auditor")] {
        assert_eq!(house.post(&caller, "/anonymize", &body).status, 403);
    }
}
