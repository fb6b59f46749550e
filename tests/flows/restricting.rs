//! Somebody wants their data kept and not used, or objects to its use: from the request to the end, of which they know first.

use habeas_tests::sample::{ADA, BOB, EVE, Person};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::caller::{Caller, developer, dpo, operator, subject};
use crate::erasure::{approved, planned};
use crate::house::House;

fn request(kind: &str, email: &str) -> Value {
    json!({"type": kind, "subject": {"identities": [{"type": "email", "value": email}]}})
}

/// A request by staff, with the identity proven.
fn asked(house: &mut House, kind: &str, about: Person) -> String {
    let id = house.submit(&operator("acme"), "/requests", &request(kind, about.email), about);
    house.world.run_until_idle();
    house.prove(&operator("acme"), &id);
    house.world.run_until_idle();
    id
}

/// Who of three is restricted, as anybody who processes data may ask.
fn restricted(house: &mut House) -> Vec<(Value, Value)> {
    let emails = [BOB.email, ADA.email, "somebody@example.com"].map(|email| json!({"type": "email", "value": email}));
    let answer = house.post(&operator("acme"), "/suppressions/check", &json!({ "identities": emails }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let one = |one: &Value| (one["index"].clone(), one["job_id"].clone());
    answer.body["restricted"].as_array().unwrap().iter().map(one).collect()
}

fn lift(house: &mut House, caller: &Caller, id: &str, more: &Value) -> (u16, Value) {
    let mut body = json!({"reason": "the data was found to be right"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = house.post(caller, &format!("/jobs/{id}/lift"), &body);
    (answer.status, answer.body)
}

fn approve(house: &mut House, caller: &Caller, id: &str, body: &Value) -> (u16, Value) {
    let answer = house.post(caller, &format!("/jobs/{id}/approve"), body);
    (answer.status, answer.body)
}

#[test]
fn a_restriction_stands_until_the_person_was_told_that_it_ends() {
    let mut house = House::new();
    let id = asked(&mut house, "restriction", ADA);
    assert_eq!(house.status("acme", &id), "completed", "{:?}", house.job("acme", &id).parked_because);
    assert_eq!(restricted(&mut house), [(json!(1), json!(id))]);
    let shown = house.get(&subject(ADA), &format!("/jobs/{id}")).body;
    assert!(shown["restriction"]["since"].is_string() && shown["restriction"]["lifted_at"].is_null(), "{shown}");
    house.world.advance(SignedDuration::from_hours(40 * 24));
    assert_eq!(restricted(&mut house).len(), 1, "it does not end by itself");
    let (status, body) = lift(&mut house, &dpo("acme"), &id, &json!({}));
    assert_eq!((status, &body["restriction"]["lifting"]), (200, &json!(true)), "{body}");
    assert_eq!(restricted(&mut house).len(), 1, "not before the mail");
    assert_eq!(lift(&mut house, &dpo("acme"), &id, &json!({})).0, 409, "twice");
    house.world.run_until_idle();
    assert_eq!(restricted(&mut house), []);
    let subjects: Vec<String> = house.mails(&id).into_iter().map(|(_, subject)| subject).collect();
    assert_eq!(subjects[2..], ["The use of your data is restricted", "The restriction of your data is about to end"]);
    house.world.advance(SignedDuration::from_hours(2));
    assert!(!house.has_key("acme", &id), "the address is kept no longer");
    assert_eq!(lift(&mut house, &dpo("acme"), &id, &json!({})).0, 409, "it is over");
    house.assert_rest();
}

#[test]
fn two_restrictions_of_one_person_end_one_at_a_time() {
    let mut house = House::new();
    let (first, second) = (asked(&mut house, "restriction", ADA), asked(&mut house, "restriction", ADA));
    lift(&mut house, &dpo("acme"), &first, &json!({}));
    house.world.run_until_idle();
    assert_eq!(restricted(&mut house), [(json!(1), json!(second))]);
    assert_eq!(lift(&mut house, &subject(ADA), &second, &json!({})).0, 200, "the person's own wish");
    assert_eq!(restricted(&mut house), [], "at once");
}

#[test]
fn an_objection_restricts_until_it_is_decided_and_upheld_stays() {
    let mut house = House::new();
    let id = asked(&mut house, "objection", ADA);
    assert_eq!((house.status("acme", &id).as_str(), restricted(&mut house).len()), ("awaiting_approval", 1));
    let reason = json!({"reason": "no compelling grounds"});
    assert_eq!(approve(&mut house, &operator("acme"), &id, &reason).0, 403);
    assert_eq!(approve(&mut house, &dpo("acme"), &id, &json!({"plan_hash": "0".repeat(64)})).0, 409);
    assert_eq!(lift(&mut house, &dpo("acme"), &id, &json!({"told_by": "letter"})).0, 409, "not before it is decided");
    let (status, body) = approve(&mut house, &dpo("acme"), &id, &reason);
    assert_eq!((status, &body["status"], &body["restriction"]["upheld"]), (200, &json!("completed"), &json!(true)));
    assert_eq!(approve(&mut house, &dpo("acme"), &id, &reason).0, 409, "twice");
    house.world.run_until_idle();
    assert_eq!(house.mails(&id).last().unwrap().1, "Your objection was accepted");
    house.world.advance(SignedDuration::from_hours(30 * 24));
    assert_eq!(restricted(&mut house).len(), 1);
}

#[test]
fn a_refused_objection_tells_reason_and_remedies_and_then_restricts_no_more() {
    let mut house = House::new();
    let id = asked(&mut house, "objection", ADA);
    let answer = house.post(&dpo("acme"), &format!("/jobs/{id}/reject"), &json!({"reason": "a claim is pending"}));
    assert_eq!((answer.status, restricted(&mut house).len()), (200, 1), "not before the mail");
    house.world.run_until_idle();
    assert_eq!((house.status("acme", &id).as_str(), restricted(&mut house).len()), ("rejected", 0));
    let said = house.world.memory.inspect(|state| state.outbox.sent.last().unwrap().1.text.expose().clone());
    for part in ["a claim is pending", "data protection authority", "the restriction on the use of your data ends"] {
        assert!(said.contains(part), "{said}");
    }
    house.world.advance(SignedDuration::from_hours(2));
    assert!(!house.has_key("acme", &id));
}

#[test]
fn only_the_person_takes_a_restricting_objection_back_and_nobody_decides_their_own() {
    let mut house = House::new();
    let id = house.submit(&dpo("acme"), "/requests", &request("objection", ADA.email), ADA);
    house.world.run_until_idle();
    house.prove(&operator("acme"), &id);
    house.world.run_until_idle();
    assert_eq!(approve(&mut house, &dpo("acme"), &id, &json!({"reason": "mine"})).0, 403, "one's own request");
    let cancel = format!("/jobs/{id}/cancel");
    let staff = house.post(&dpo("acme"), &cancel, &json!({}));
    assert_eq!((staff.status, restricted(&mut house).len()), (409, 1), "{}", staff.body);
    assert_eq!(house.post(&subject(EVE), &cancel, &json!({})).status, 404);
    assert_eq!(house.post(&subject(ADA), &cancel, &json!({})).status, 200);
    assert_eq!((house.status("acme", &id).as_str(), restricted(&mut house).len()), ("cancelled", 0));
}

#[test]
fn whoever_no_mail_reaches_is_told_by_other_means_first() {
    let mut house = House::new();
    let stranger = Person { email: "stranger@example.com", ..ADA };
    let id = house.submit(&operator("acme"), "/requests", &request("restriction", stranger.email), stranger);
    house.world.run_until_idle();
    let manual = json!({"method": "passport", "note": "seen"});
    assert_eq!(house.post(&dpo("acme"), &format!("/jobs/{id}/verify/manual"), &manual).status, 200);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "completed");
    let (status, body) = lift(&mut house, &dpo("acme"), &id, &json!({}));
    assert!(status == 409 && body.to_string().contains("told_by"), "{status} {body}");
    assert_eq!(lift(&mut house, &dpo("acme"), &id, &json!({"told_by": "registered letter"})).0, 200);
    assert!(!house.job("acme", &id).restricts());
}

#[test]
fn bad_restrictions_and_lifts_are_refused() {
    let mut house = House::new();
    for (kind, regime, status) in [
        ("restriction", "ccpa", 422),
        ("objection", "ccpa", 422),
        ("objection", "hipaa", 422),
        ("objection", "lgpd", 202),
        ("restriction", "uk_gdpr", 202),
    ] {
        let mut body = request(kind, BOB.email);
        body["regime"] = json!(regime);
        let answer = house.post(&operator("acme"), "/requests", &body);
        assert_eq!(answer.status, status, "{kind} {regime} {}", answer.body);
    }
    let id = asked(&mut house, "restriction", ADA);
    for (caller, status) in [(operator("acme"), 403), (dpo("globex"), 404), (subject(EVE), 404)] {
        assert_eq!(lift(&mut house, &caller, &id, &json!({})).0, status);
    }
    for (more, pointer) in [
        (json!({"reason": ""}), "/reason"),
        (json!({"reason": "x".repeat(1_001)}), "/reason"),
        (json!({"told_by": " "}), "/told_by"),
        (json!({"more": 1}), "/more"),
    ] {
        let (status, body) = lift(&mut house, &dpo("acme"), &id, &more);
        assert_eq!((status, &body["errors"][0]["pointer"]), (422, &json!(pointer)), "{body}");
    }
    for body in [json!({}), json!({"plan_hash": "a", "reason": "b"})] {
        let (status, answer) = approve(&mut house, &dpo("acme"), &id, &body);
        assert_eq!((status, &answer["errors"][0]["pointer"]), (422, &json!("/plan_hash")), "{answer}");
    }
    assert_eq!(restricted(&mut house).len(), 1);
}

#[test]
fn an_erasure_leaves_no_address_of_a_restriction_behind() {
    let mut house = House::new();
    let restriction = asked(&mut house, "restriction", ADA);
    assert!(house.has_key("acme", &restriction));
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    house.world.advance(SignedDuration::from_hours(8 * 24));
    assert_eq!(house.status("acme", &id), "completed");
    assert!(!house.has_key("acme", &restriction));
}

#[test]
fn restricted_rows_are_in_no_sample_and_no_data_set() {
    let mut house = House::new();
    let sampled = |house: &mut House| {
        let body = json!({"dataset": "app", "collection": "notes", "sample_size": 100});
        let answer = house.post(&developer("acme"), "/scan/source", &body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["rows_sampled"].as_u64().unwrap()
    };
    let all = sampled(&mut house);
    asked(&mut house, "restriction", ADA);
    let own = house.world.memory.inspect(|state| {
        let rows = state.sources.tables["app.notes"].rows();
        rows.filter(|row| String::from_utf8_lossy(&row.to_json()).contains(ADA.canary)).count() as u64
    });
    let others = sampled(&mut house);
    assert!(own > 0 && others == all - own, "{all} {others} {own}");
}

/// Who of three has objected to direct marketing.
fn objected(house: &mut House) -> Vec<Value> {
    let emails = [BOB.email, ADA.email, "somebody@example.com"].map(|email| json!({"type": "email", "value": email}));
    let answer = house.post(&operator("acme"), "/suppressions/check", &json!({ "identities": emails }));
    answer.body["objected"].as_array().unwrap().clone()
}

#[test]
fn an_objection_to_direct_marketing_is_granted_as_it_comes_and_only_the_person_takes_it_back() {
    let mut house = House::new();
    let mut body = request("objection", ADA.email);
    body["purpose"] = json!("direct_marketing");
    let id = house.submit(&operator("acme"), "/requests", &body, ADA);
    house.world.run_until_idle();
    assert_eq!(objected(&mut house), [json!(null); 0], "not before it is known who it is");
    house.prove(&operator("acme"), &id);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "completed", "no officer is asked");
    assert_eq!(objected(&mut house), [json!({"index": 1, "job_id": id, "purpose": "direct_marketing"})]);
    assert_eq!(restricted(&mut house), [], "everything else goes on");
    assert_eq!(house.mails(&id).last().unwrap().1, "Your objection to direct marketing is granted");
    let (status, answer) = lift(&mut house, &dpo("acme"), &id, &json!({"told_by": "letter"}));
    assert!(status == 409 && answer.to_string().contains("only the person"), "{status} {answer}");
    house.world.advance(SignedDuration::from_hours(40 * 24));
    assert_eq!(objected(&mut house).len(), 1, "it does not end by itself");
    assert_eq!(lift(&mut house, &subject(ADA), &id, &json!({})).0, 200);
    assert_eq!(objected(&mut house), [json!(null); 0]);
    for (kind, purpose) in [("restriction", "direct_marketing"), ("access", "direct_marketing"), ("objection", "all")] {
        let mut body = request(kind, ADA.email);
        body["purpose"] = json!(purpose);
        let answer = house.post(&operator("acme"), "/requests", &body);
        assert_eq!((answer.status, &answer.body["errors"][0]["pointer"]), (422, &json!("/purpose")), "{}", answer.body);
    }
    house.assert_rest();
}
