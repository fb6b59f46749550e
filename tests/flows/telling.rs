//! Processors are told of an objection to direct marketing (Art. 21(3)): once, by those who can be, until it is taken back.

use habeas_tests::sample::ADA;
use jiff::SignedDuration;
use serde_json::{Value, json};
use workflow::ports::OutgoingAnswer;

use crate::caller::{dpo, operator, subject};
use crate::holds::place;
use crate::house::House;

const HOOK: &str = "https://mailer.example.com/hooks";

fn objected(house: &mut House) -> String {
    let subject = json!({"identities": [{"type": "email", "value": ADA.email}]});
    let body = json!({"type": "objection", "purpose": "direct_marketing", "subject": subject});
    let id = house.submit(&operator("acme"), "/requests", &body, ADA);
    house.world.run_until_idle();
    house.prove(&operator("acme"), &id);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "completed", "{:?}", house.job("acme", &id).parked_because);
    id
}

/// What went out, wherever it went.
fn said(house: &House) -> Vec<(String, Value)> {
    house.world.memory.inspect(|state| {
        let calls = state.outside.calls.iter().map(|(_, call)| (call.url.clone(), call.body.expose().clone()));
        calls.map(|(url, body)| (url, serde_json::from_str(&body).unwrap())).collect()
    })
}

fn shown(house: &mut House, id: &str) -> Vec<(Value, Value, Value)> {
    let job = house.get(&operator("acme"), &format!("/jobs/{id}")).body;
    let one = |one: &Value| (one["processor"].clone(), one["status"].clone(), one["reason"].clone());
    job["processors"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn whoever_received_the_address_stops_and_who_has_no_such_request_is_named_to_an_officer() {
    let mut house = House::new();
    let alerts = |house: &House| house.world.memory.inspect(|state| state.alerts.len());
    let before = alerts(&house);
    let id = objected(&mut house);
    let told = said(&house);
    let [(url, hook)] = &told[..] else { panic!("one is told: {told:?}") };
    assert_eq!((url.as_str(), &hook["type"]), (HOOK, &json!("objection_requested")));
    let data = &hook["data"];
    assert_eq!((&data["request_type"], &data["purpose"]), (&json!("objection"), &json!("direct_marketing")));
    assert_eq!(data["identities"], json!([{"type": "email", "value": ADA.email}]));
    assert_eq!(data["sources"], json!(["app.users"]));
    let accepted = (json!("mailer"), json!("accepted"), Value::Null);
    let unable = (json!("shipper"), json!("unreachable"), json!("no_such_request"));
    assert_eq!(shown(&mut house, &id), [accepted, unable.clone()]);
    assert_eq!(alerts(&house), before + 1, "an officer is told of the other");
    let path = data["answer_url"].as_str().unwrap().split_once("/api/v1/privacy").unwrap().1.to_owned();
    let answer = house.post(&operator("acme"), &path, &json!({"status": "completed"}));
    assert_eq!(answer.status, 202, "{}", answer.body);
    assert_eq!(shown(&mut house, &id), [(json!("mailer"), json!("completed"), Value::Null), unable]);
    house.world.advance(SignedDuration::from_hours(24 * 60));
    assert_eq!((said(&house).len(), alerts(&house)), (1, before + 1));
    assert_eq!(house.status("acme", &id), "completed");
}

#[test]
fn a_legal_hold_does_not_keep_marketing_going() {
    let mut house = House::new();
    place(&mut house, &json!({"scope": {"tenant": true}, "matter": "m", "reason": "r"}));
    objected(&mut house);
    assert_eq!(said(&house).len(), 1);
}

#[test]
fn who_was_not_reached_before_it_is_taken_back_is_told_no_more() {
    let mut house = House::new();
    let broken = OutgoingAnswer { status: 503, body: Vec::new(), signature: None };
    house.world.memory.change(|state| state.outside.answers.insert(HOOK.to_owned(), broken));
    let id = objected(&mut house);
    let tries = said(&house).len();
    assert!(tries >= 1);
    assert_eq!(house.post(&subject(ADA), &format!("/jobs/{id}/lift"), &json!({"reason": "again"})).status, 200);
    house.world.memory.change(|state| state.outside.answers.clear());
    house.world.advance(SignedDuration::from_hours(24 * 3));
    assert_eq!(said(&house).len(), tries);
    assert_eq!(shown(&mut house, &id)[0].2, json!("taken_back"));
    assert!(!house.has_key("acme", &id), "nothing is kept for it");
    assert_eq!(house.get(&dpo("acme"), &format!("/jobs/{id}")).body["status"], json!("completed"));
}
