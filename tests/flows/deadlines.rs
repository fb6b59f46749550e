//! The deadline sweep: each alert once and in time, whatever state queues and keys are in (INV-L4).

use std::collections::BTreeMap;

use adapters_memory::State;
use domain::job::DeadlineAlert;
use habeas_tests::sample::{ADA, BOB};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use workflow::ports::DeadlineWarning;

use crate::caller::{dpo, operator, subject};
use crate::house::{House, Settings, access};

fn waiting() -> House {
    House::with(Settings { automated: false, ..Settings::default() })
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn warnings(house: &House, id: &str) -> Vec<(Timestamp, DeadlineWarning)> {
    let of_job = |state: &State| {
        state.warnings.iter().filter(|(_, warning)| warning.job.as_str() == id).cloned().collect::<Vec<_>>()
    };
    house.world.memory.inspect(of_job)
}

fn names(house: &House, id: &str) -> Vec<String> {
    warnings(house, id).into_iter().map(|(_, warning)| warning.alert.to_string()).collect()
}

#[test]
fn every_alert_comes_once_and_in_time() {
    let mut house = waiting();
    let id = house.submit(&subject(BOB), "/me/export", &json!({"regime": "gdpr"}), BOB);
    let due_at = house.job("acme", &id).due_at;
    house.world.advance(days(33));
    let expected = ["t_minus_7", "dsr_overdue", "t_minus_5", "t_minus_3", "t_minus_1", "t_0", "request_overdue"];
    assert_eq!(names(&house, &id), expected);
    let at: BTreeMap<DeadlineAlert, Timestamp> =
        warnings(&house, &id).into_iter().map(|(at, warning)| (warning.alert, at)).collect();
    assert_eq!(at[&DeadlineAlert::SevenDays], due_at - days(7));
    assert_eq!(at[&DeadlineAlert::Due], due_at);
    let events = house.world.audit_trail(&id.parse().unwrap());
    let told: Vec<_> = events.iter().filter(|event| event.resource_type == "deadline").collect();
    assert_eq!(told.len(), expected.len(), "each alert has its audit event");
    for _ in 0..5 {
        house.world.sweep();
    }
    assert_eq!(names(&house, &id).len(), expected.len(), "sweeping again adds nothing");
    house.post(&dpo("acme"), &format!("/jobs/{id}/cancel"), &json!({}));
    house.world.advance(days(9));
    assert_eq!(names(&house, &id).len(), expected.len(), "what has ended is not watched");
    house.assert_rest();
}

#[test]
fn purged_queues_and_lost_keys_silence_nothing() {
    let mut house = waiting();
    let id = house.submit(&subject(BOB), "/me/export", &json!({"regime": "ccpa"}), BOB);
    house.world.run_until_idle();
    house.world.memory.change(|state| {
        state.queues.purge();
        state.items.retain(|key, _| !key.partition().is_keyring());
    });
    house.world.advance(days(46));
    let expected = ["dsr_overdue", "t_minus_7", "t_minus_5", "t_minus_3", "t_minus_1", "t_0"];
    assert_eq!(names(&house, &id), expected);
}

#[test]
fn an_extension_starts_the_alerts_anew_and_a_pause_holds_them() {
    let mut house = waiting();
    let extended = house.submit(&subject(BOB), "/me/export", &json!({"regime": "gdpr"}), BOB);
    let paused = house.submit(&subject(BOB), "/me/export", &json!({"regime": "uk_gdpr"}), BOB);
    house.world.advance(days(26));
    let before = names(&house, &extended).len();
    let answer = house.post(&operator("acme"), &format!("/jobs/{extended}/extend"), &json!({"reason": "much data"}));
    assert_eq!(answer.status, 200);
    let wait = json!({"waiting_for": "fee", "reason": "the fee is open"});
    assert_eq!(house.post(&operator("acme"), &format!("/jobs/{paused}/pause"), &wait).status, 200);
    let held = names(&house, &paused).len();
    house.world.advance(days(20));
    assert_eq!(names(&house, &extended).len(), before, "the new date is far");
    assert_eq!(names(&house, &paused)[held..], ["still_paused", "still_paused", "still_paused"]);
    house.world.advance(days(42));
    assert_eq!(names(&house, &extended)[before..], ["t_minus_7", "t_minus_5"]);
}

#[test]
fn a_receipt_that_nobody_confirmed_is_an_alert_and_a_confirmed_one_is_not() {
    let mut house = House::new();
    let ask = |email: &str| {
        let mut body = access(email);
        body["regime"] = json!("ccpa");
        body
    };
    let known = house.submit(&operator("acme"), "/requests", &ask(ADA.email), ADA);
    let unknown = house.submit(&operator("acme"), "/requests", &ask("nobody@example.com"), ADA);
    house.world.advance(days(13));
    assert_eq!(names(&house, &known), [""; 0]);
    assert!(house.job("acme", &known).timing.acknowledged_at.is_some());
    assert_eq!(names(&house, &unknown), ["acknowledgement_due"]);
}

#[test]
fn a_request_that_comes_late_to_us_is_alerted_at_once() {
    let mut house = waiting();
    let mut body = access(ADA.email);
    body["received_at"] = json!("2026-01-05T10:00:00Z");
    let id = house.submit(&operator("acme"), "/requests", &body, ADA);
    house.world.advance(SignedDuration::from_mins(15));
    assert_eq!(names(&house, &id).last().map(String::as_str), Some("t_0"));
    assert_eq!(names(&house, &id).len(), 6);
}
