//! Automation switched off: after the proof a job waits until somebody starts it.

use habeas_tests::invariants::check_archive;
use habeas_tests::sample::{ADA, BOB};
use jiff::SignedDuration;
use serde_json::json;

use crate::caller::{admin, dpo, operator, subject};
use crate::house::{House, Settings, access};

fn house() -> House {
    House::with(Settings { automated: false, ..Settings::default() })
}

#[test]
fn a_proven_request_waits_for_its_start() {
    let mut house = house();
    let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    let path = format!("/jobs/{id}/process");
    let early = house.post(&admin("acme"), &path, &json!({}));
    assert_eq!((early.status, &early.body["state"]), (409, &json!("awaiting_verification")));
    house.world.run_until_idle();
    house.prove(&operator("acme"), &id);
    house.world.advance(SignedDuration::from_hours(48));
    assert_eq!((house.status("acme", &id), house.objects(&id)), ("pending".to_owned(), Vec::new()));
    for caller in [operator("acme"), dpo("acme"), subject(ADA)] {
        assert_eq!(house.post(&caller, &path, &json!({})).status, 403);
    }
    let started = house.post(&admin("acme"), &path, &json!({}));
    assert_eq!((started.status, &started.body["status"]), (200, &json!("in_progress")));
    assert_eq!(house.post(&admin("acme"), &path, &json!({})).status, 409);
    house.world.run_until_idle();
    check_archive(&house.fetch(&subject(ADA), &id), ADA, false).unwrap();
    house.world.advance(SignedDuration::from_hours(26));
    house.assert_rest();
}

#[test]
fn a_session_waits_as_well() {
    let mut house = house();
    let id = house.submit(&subject(BOB), "/me/export", &json!({}), BOB);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "pending");
    assert_eq!(house.post(&admin("acme"), &format!("/jobs/{id}/process"), &json!({})).status, 200);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "completed");
    check_archive(&house.fetch(&subject(BOB), &id), BOB, false).unwrap();
}

#[test]
fn an_organisation_waits_as_well() {
    let mut house = house();
    let boss = crate::caller::owner("acme", "org-1");
    let id = house.post(&boss, "/export", &json!({})).job();
    house.world.run_until_idle();
    assert_eq!((house.status("acme", &id), house.objects(&id)), ("pending".to_owned(), Vec::new()));
    assert_eq!(house.post(&admin("acme"), &format!("/jobs/{id}/process"), &json!({})).status, 200);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "completed");
}

#[test]
fn a_waiting_job_can_be_cancelled_and_leaves_nothing() {
    let mut house = house();
    let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    house.world.run_until_idle();
    house.prove(&operator("acme"), &id);
    assert_eq!(house.post(&subject(ADA), &format!("/jobs/{id}/cancel"), &json!({"reason": "canary"})).status, 200);
    house.world.run_until_idle();
    assert_eq!((house.status("acme", &id), house.has_key("acme", &id)), ("cancelled".to_owned(), false));
    house.assert_rest();
}
