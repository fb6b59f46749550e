//! Somebody who is not on record: the same answer as anybody, no mail, and an end after fourteen days.

use habeas_tests::sample::{ADA, Person};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::caller::{operator, session, subject};
use crate::house::{Answer, House, access};

const NOBODY: Person = Person { tenant: "acme", id: "", email: "who.canary@example.com", canary: "canary-nobody" };

/// An answer without what differs between any two jobs: ids, the keyed hash of the subject.
fn shape(answer: &Answer) -> (u16, Vec<(String, usize)>, Value, usize) {
    let mut body = answer.body.clone();
    let id = body["id"].as_str().unwrap().to_owned();
    body["subject_ref"] = json!(body["subject_ref"].as_str().unwrap().len());
    let text = body.to_string().replace(&id, "job");
    let headers = answer.headers.iter().map(|(name, value)| (name.to_string(), value.len())).collect();
    (answer.status, headers, serde_json::from_str(&text).unwrap(), answer.bytes.len())
}

#[test]
fn the_answer_does_not_tell_who_is_on_record() {
    let mut house = House::new();
    let known = house.post(&operator("acme"), "/requests", &access(ADA.email));
    let unknown = house.post(&operator("acme"), "/requests", &access(NOBODY.email));
    assert_eq!(known.status, 202);
    assert_eq!(shape(&known), shape(&unknown));
}

#[test]
fn nobody_is_told_and_nothing_is_kept_after_fourteen_days() {
    let mut house = House::new();
    let id = house.submit(&operator("acme"), "/requests", &access(NOBODY.email), NOBODY);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "awaiting_verification");
    house.world.advance(SignedDuration::from_hours(14 * 24 - 1));
    assert_eq!(house.status("acme", &id), "awaiting_verification");
    house.world.advance(SignedDuration::from_hours(3));
    assert_eq!(house.status("acme", &id), "expired");
    assert_eq!(house.mails(&id), []);
    assert_eq!((house.objects(&id), house.has_key("acme", &id)), (Vec::new(), false));
    house.assert_rest();
}

#[test]
fn a_known_person_who_never_answers_expires_alike() {
    let mut house = House::new();
    let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    house.world.advance(SignedDuration::from_hours(14 * 24 + 2));
    assert_eq!((house.status("acme", &id), house.has_key("acme", &id)), ("expired".to_owned(), false));
    let late = house.post(&operator("acme"), &format!("/jobs/{id}/verify"), &json!({"code": house.code(&id)}));
    assert_eq!((late.status, &late.body["state"]), (409, &json!("expired")));
    house.assert_rest();
}

#[test]
fn codes_and_new_codes_do_not_tell_who_is_on_record() {
    let mut house = House::new();
    let ids = [ADA.email, NOBODY.email].map(|email| house.post(&operator("acme"), "/requests", &access(email)).job());
    house.world.run_until_idle();
    let mut answers = Vec::new();
    for id in &ids {
        let mut of_job = Vec::new();
        for _ in 0..7 {
            of_job.push(house.post(&operator("acme"), &format!("/jobs/{id}/verify/resend"), &json!({})).status);
            house.world.run_until_idle();
        }
        answers.push(of_job);
    }
    assert_eq!(answers[0], answers[1], "asking for codes tells who is on record");
}

#[test]
fn wrong_codes_do_not_tell_who_is_on_record() {
    let mut house = House::new();
    let ids = [ADA.email, NOBODY.email].map(|email| house.post(&operator("acme"), "/requests", &access(email)).job());
    house.world.run_until_idle();
    let answers = ids.map(|id| {
        let answer = house.post(&operator("acme"), &format!("/jobs/{id}/verify"), &json!({"code": "00000000"}));
        (answer.status, answer.body["tries_left"].clone())
    });
    assert_eq!(answers[0].0, answers[1].0);
}

#[test]
fn strangers_may_not_look_at_a_request_or_ask_for_its_code() {
    let mut house = House::new();
    let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    house.world.run_until_idle();
    let mails = house.mails(&id).len();
    let stranger = session("acme", NOBODY.email);
    for path in [format!("/jobs/{id}"), format!("/jobs/{id}/timeline")] {
        assert_eq!(house.get(&stranger, &path).status, 404);
    }
    assert_eq!(house.post(&stranger, &format!("/jobs/{id}/verify/resend"), &json!({})).status, 404);
    house.world.run_until_idle();
    assert_eq!(house.mails(&id).len(), mails);
    assert_eq!(house.post(&subject(ADA), &format!("/jobs/{id}/verify/resend"), &json!({})).status, 202);
}

#[test]
fn asking_for_a_code_before_the_screening_stops_nothing() {
    let mut house = House::new();
    for person in [ADA, NOBODY] {
        let id = house.submit(&operator("acme"), "/requests", &access(person.email), person);
        assert_eq!(house.post(&operator("acme"), &format!("/jobs/{id}/verify/resend"), &json!({})).status, 202);
        house.world.advance(SignedDuration::from_hours(1));
        assert_eq!(house.status("acme", &id), "awaiting_verification");
        if person == ADA {
            house.post(&operator("acme"), &format!("/jobs/{id}/verify/resend"), &json!({}));
            house.world.run_until_idle();
            house.prove(&operator("acme"), &id);
        }
    }
}
