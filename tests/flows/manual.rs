//! An officer's word for an identity: by a data protection officer, and by nobody else.

use habeas_tests::invariants::check_archive;
use habeas_tests::sample::ADA;
use jiff::SignedDuration;
use serde_json::json;

use crate::caller::{Caller, dpo, operator, owner, subject};
use crate::house::{House, access};

fn word() -> serde_json::Value {
    json!({"method": "passport", "note": "canary: seen at the desk"})
}

#[test]
fn an_officers_word_counts_as_proof() {
    let mut house = House::new();
    let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    house.world.run_until_idle();
    let code = house.code(&id);
    let verified = house.post(&dpo("acme"), &format!("/jobs/{id}/verify/manual"), &word());
    assert_eq!((verified.status, &verified.body["verification"]["method"]), (200, &json!("manual")));
    let timeline = house.get(&dpo("acme"), &format!("/jobs/{id}/timeline?limit=200")).body;
    let reasons: Vec<_> = timeline["items"].as_array().unwrap().iter().map(|event| &event["reason"]).collect();
    assert!(reasons.contains(&&json!("passport: canary: seen at the desk")), "{reasons:?}");
    let late = house.post(&operator("acme"), &format!("/jobs/{id}/verify"), &json!({"code": code}));
    assert_eq!((late.status, &late.body["state"]), (409, &json!("in_progress")));
    house.world.run_until_idle();
    check_archive(&house.fetch(&subject(ADA), &id), ADA, false).unwrap();
    house.world.advance(SignedDuration::from_hours(26));
    house.assert_rest();
}

#[test]
fn a_word_before_the_screening_ends_the_same() {
    let mut house = House::new();
    let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    assert_eq!(house.post(&dpo("acme"), &format!("/jobs/{id}/verify/manual"), &word()).status, 200);
    house.world.run_until_idle();
    check_archive(&house.fetch(&subject(ADA), &id), ADA, false).unwrap();
    assert!(!house.mails(&id).iter().any(|(_, subject)| subject.contains("code")));
    house.world.advance(SignedDuration::from_hours(26));
    house.assert_rest();
}

#[test]
fn nobody_else_gives_it() {
    let mut house = House::new();
    let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    house.world.run_until_idle();
    let before = house.written();
    let path = format!("/jobs/{id}/verify/manual");
    for role in ["operator", "auditor", "super_admin"] {
        let refused = house.post(&Caller::new("acme", role), &path, &word());
        assert_eq!((refused.status, &refused.body["permissions"]), (403, &json!(["identity:verify_manual"])), "{role}");
    }
    assert_eq!(house.post(&subject(ADA), &path, &word()).status, 403);
    assert_eq!(house.post(&owner("acme", "org-1"), &path, &word()).status, 404);
    assert_eq!(house.post(&dpo("globex"), &path, &word()).status, 404);
    assert!(house.written() == before);
}

#[test]
fn it_is_given_once_and_in_time() {
    let mut house = House::new();
    let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    let path = format!("/jobs/{id}/verify/manual");
    assert_eq!(house.post(&dpo("acme"), &path, &word()).status, 200);
    let again = house.post(&dpo("acme"), &path, &word());
    assert_eq!((again.status, &again.body["state"]), (409, &json!("in_progress")));
}
