//! New codes: the old one is dead, a job sends five at most, and a code counts for ten minutes.

use habeas_tests::sample::{ADA, BOB, EVE};
use jiff::SignedDuration;
use serde_json::json;

use crate::caller::{Caller, dpo, operator, owner, subject};
use crate::house::{House, access};

fn asked() -> (House, String) {
    let mut house = House::new();
    let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    house.world.run_until_idle();
    (house, id)
}

fn resend(house: &mut House, caller: &Caller, id: &str) -> u16 {
    let status = house.post(caller, &format!("/jobs/{id}/verify/resend"), &json!({})).status;
    house.world.run_until_idle();
    status
}

fn verify(house: &mut House, id: &str, code: &str) -> (u16, serde_json::Value) {
    let answer = house.post(&operator("acme"), &format!("/jobs/{id}/verify"), &json!({"code": code}));
    (answer.status, answer.body["tries_left"].clone())
}

#[test]
fn a_new_code_replaces_the_old_one() {
    let (mut house, id) = asked();
    let old = house.code(&id);
    assert_eq!(verify(&mut house, &id, "00000000"), (422, json!(4)));
    assert_eq!(resend(&mut house, &operator("acme"), &id), 202);
    let new = house.code(&id);
    assert_ne!(old, new);
    assert_eq!(verify(&mut house, &id, &old), (422, json!(4)), "the old code counts, or tries are not new");
    assert_eq!(verify(&mut house, &id, &new), (204, json!(null)));
    house.world.advance(SignedDuration::from_hours(26));
    house.assert_rest();
}

#[test]
fn a_job_sends_five_codes_at_most() {
    let (mut house, id) = asked();
    for _ in 0..4 {
        assert_eq!(resend(&mut house, &operator("acme"), &id), 202);
    }
    let before = house.written();
    let refused = house.post(&operator("acme"), &format!("/jobs/{id}/verify/resend"), &json!({}));
    assert_eq!((refused.status, &refused.body["limit"]), (429, &json!(5)));
    assert!(refused.headers.contains_key("retry-after"));
    assert!(house.written() == before);
    let codes = house.mails(&id).iter().filter(|(_, subject)| subject == "Your confirmation code").count();
    assert_eq!(codes, 5);
    let last = house.code(&id);
    assert_eq!(verify(&mut house, &id, &last).0, 204);
}

#[test]
fn codes_asked_for_at_the_same_time_are_five_at_most() {
    for seed in 0..20 {
        let (mut house, id) = asked();
        let calls = vec![crate::house::Call::raw(format!("/api/v1/privacy/jobs/{id}/verify/resend"), ""); 12];
        let answers = house.ask_together(&operator("acme"), calls, seed);
        assert!(answers.iter().all(|answer| matches!(answer.status, 202 | 429)));
        house.world.run_until_idle();
        let codes = house.mails(&id).iter().filter(|(_, subject)| subject == "Your confirmation code").count();
        let accepted = answers.iter().filter(|answer| answer.status == 202).count();
        assert!(codes <= 5 && accepted >= 1, "{codes} codes, {accepted} accepted");
        let newest = house.code(&id);
        assert_eq!(verify(&mut house, &id, &newest).0, 204);
    }
}

#[test]
fn a_code_counts_for_ten_minutes() {
    for (seconds, status) in [(599, 204), (600, 422), (601, 422)] {
        let (mut house, id) = asked();
        let code = house.code(&id);
        house.world.memory.advance(SignedDuration::from_secs(seconds));
        assert_eq!(verify(&mut house, &id, &code).0, status, "after {seconds} s");
        if status == 422 {
            assert_eq!(resend(&mut house, &subject(ADA), &id), 202);
            let new = house.code(&id);
            assert_eq!(verify(&mut house, &id, &new).0, 204);
        }
    }
}

#[test]
fn new_codes_go_to_the_address_on_record_whoever_asks() {
    let (mut house, id) = asked();
    for caller in [operator("acme"), dpo("acme"), subject(ADA)] {
        assert_eq!(resend(&mut house, &caller, &id), 202);
    }
    for caller in [subject(BOB), owner("acme", "org-1"), operator("globex"), subject(EVE)] {
        assert_eq!(resend(&mut house, &caller, &id), 404);
    }
    assert!(house.mails(&id).iter().all(|(to, _)| to == ADA.email));
    assert_eq!(house.mails(&id).len(), 5);
}

#[test]
fn a_code_of_one_job_opens_no_other() {
    let (mut house, id) = asked();
    let other = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    house.world.run_until_idle();
    let (own, foreign) = (house.code(&id), house.code(&other));
    assert_eq!(verify(&mut house, &id, &foreign).0, 422);
    assert_eq!(verify(&mut house, &id, &own).0, 204);
}
