//! What rules over events find in whole stories, and what a SIEM is given of them (R-AUD-3, R-AUD-8).

use domain::event::EventType;
use domain::record::Record;
use habeas_tests::executor::run;
use habeas_tests::handlers::sealer;
use habeas_tests::sample::{ADA, BOB};
use jiff::SignedDuration;
use serde_json::{Value, json};
use workflow::seal_audit::SealAudit;

use crate::audit_log::{busy, look, ticking};
use crate::caller::{Caller, dpo, operator};
use crate::erasure::{approved, planned};
use crate::house::{House, UNKNOWN_JOB};

/// Seals what there is, a minute later.
fn seal(house: &House) {
    let memory = &house.world.memory;
    memory.advance(SignedDuration::from_mins(1));
    let siem = SealAudit { siem: Some(memory.export_store()), ..sealer(memory) };
    run(memory, siem.run()).answer().unwrap();
}

/// The rules that found something, with what it was about and how many.
fn found(house: &House) -> Vec<(String, String, u64)> {
    house.world.memory.inspect(|state| {
        state.anomalies.iter().map(|(_, _, it)| (it.rule.clone(), it.about.clone(), it.count)).collect()
    })
}

fn lines(house: &House) -> Vec<Value> {
    house.world.memory.inspect(|state| {
        let objects = state.objects.stored.iter().filter(|(key, _)| key.starts_with("ocsf/acme/"));
        let lines = objects.flat_map(|(_, object)| object.bytes.split(|byte| *byte == b'\n'));
        lines.filter(|line| !line.is_empty()).map(|line| serde_json::from_slice(line).unwrap()).collect()
    })
}

#[test]
fn many_refused_calls_by_one_person_are_one_anomaly_and_one_event() {
    let mut house = House::new();
    let probing = |house: &mut House, caller: &Caller, times: usize| {
        for _ in 0..times {
            assert_eq!(house.get(caller, &format!("/jobs/{UNKNOWN_JOB}")).status, 404);
        }
    };
    probing(&mut house, &operator("acme"), 19);
    probing(&mut house, &dpo("acme"), 19);
    seal(&house);
    assert_eq!(found(&house), []);
    probing(&mut house, &operator("acme"), 30);
    seal(&house);
    let (rule, about, count) = found(&house).pop().unwrap();
    assert_eq!((rule.as_str(), count, found(&house).len()), ("many_denials", 20, 1));
    assert!(about.starts_with("actor "), "{about}");

    let auditor = Caller::new("acme", "auditor");
    let event = look(&mut house, &auditor, "/events?resource_type=anomaly").body["items"][0].clone();
    assert_eq!((&event["to"], &event["control_id"]), (&json!("many_denials"), &json!("CC6.1")), "{event}");
    seal(&house);
    let finding = lines(&house).into_iter().find(|line| line["class_uid"] == 2_004).unwrap();
    assert_eq!(finding["metadata"]["uid"], event["id"]);
    assert_eq!(finding["finding_info"]["title"], json!("many calls by one person were refused"));
    let written = house.world.memory.inspect(|state| {
        let is_anomaly = |record: &&std::sync::Arc<Record>| matches!(record.as_ref(), Record::Event(event) if event.event_type == EventType::Anomaly);
        state.items.values().filter(is_anomaly).count()
    });
    assert_eq!((written, found(&house).len()), (1, 1));
}

#[test]
fn a_plan_approved_within_seconds_is_told_and_one_that_was_read_is_not() {
    let mut house = ticking();
    let hasty = planned(&mut house, ADA);
    approved(&mut house, &hasty);
    let careful = planned(&mut house, BOB);
    house.world.advance(SignedDuration::from_mins(5));
    approved(&mut house, &careful);
    seal(&house);
    assert_eq!(found(&house), [("approved_in_seconds".to_owned(), format!("resource {hasty}"), 1)]);
}

#[test]
fn an_erasure_right_after_a_released_hold_is_told() {
    let mut house = ticking();
    let id = planned(&mut house, ADA);
    house.world.advance(SignedDuration::from_mins(5));
    approved(&mut house, &id);
    let hold = json!({"scope": {"tenant": true}, "matter": "a case", "reason": "an inquiry"});
    let hold = house.post(&dpo("acme"), "/holds", &hold).body["id"].as_str().unwrap().to_owned();
    house.world.advance(SignedDuration::from_hours(7 * 24 + 2));
    seal(&house);
    assert_eq!(found(&house), []);
    let third = dpo("acme").with("sub", "third");
    assert_eq!(house.post(&third, &format!("/holds/{hold}/release"), &json!({})).status, 200);
    house.world.advance(SignedDuration::from_mins(10));
    seal(&house);
    assert_eq!(found(&house), [("hold_released_before_erasure".to_owned(), "tenant acme".to_owned(), 1)]);
}

#[test]
fn a_siem_is_given_every_event_in_order_and_no_personal_data() {
    let (house, _) = busy();
    seal(&house);
    let lines = lines(&house);
    let places: Vec<u64> = lines.iter().map(|line| line["metadata"]["sequence"].as_u64().unwrap()).collect();
    assert!(lines.len() > 60 && places == (0..lines.len() as u64).collect::<Vec<_>>(), "{places:?}");
    assert!(lines.iter().any(|line| line["class_uid"] == 3_004 && line["actor"]["user"]["uid"].is_string()));
    let text = serde_json::to_string(&lines).unwrap();
    for canary in [ADA.canary, BOB.canary, ADA.email, BOB.email] {
        assert!(!text.contains(canary), "a SIEM was given {canary}");
    }
}

#[test]
fn nothing_is_written_for_a_siem_that_nobody_has() {
    let (house, _) = busy();
    run(&house.world.memory, sealer(&house.world.memory).run()).answer().unwrap();
    assert!(lines(&house).is_empty());
}
