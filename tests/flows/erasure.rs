//! Somebody asks to be forgotten: plan, approval by another, grace, erasure of exactly what was approved, receipt.

use adapters_memory::MemoryReceiptSigner;
use audit_log::key::ReceiptKey;
use audit_log::receipt::{Receipt, verify};
use domain::datum::Datum;
use habeas_tests::sample::{ADA, BOB, EVE, Person};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::caller::{Caller, admin, dpo, operator, subject};
use crate::house::{House, access, files, rows};

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

pub(crate) fn erasure(email: &str) -> Value {
    json!({"type": "erasure", "subject": {"identities": [{"type": "email", "value": email}]}})
}

/// Up to the plan that waits for approval.
pub(crate) fn planned(house: &mut House, about: Person) -> String {
    let id = house.submit(&operator("acme"), "/requests", &erasure(about.email), about);
    house.world.run_until_idle();
    house.prove(&operator("acme"), &id);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "awaiting_approval", "{:?}", house.job("acme", &id).parked_because);
    id
}

fn plan(house: &mut House, id: &str) -> Value {
    let answer = house.get(&operator("acme"), &format!("/jobs/{id}/plan"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

fn approve(house: &mut House, caller: &Caller, id: &str, hash: &str) -> (u16, Value) {
    let answer = house.post(caller, &format!("/jobs/{id}/approve"), &json!({ "plan_hash": hash }));
    (answer.status, answer.body)
}

pub(crate) fn approved(house: &mut House, id: &str) {
    let hash = plan(house, id)["plan_hash"].as_str().unwrap().to_owned();
    let (status, body) = approve(house, &dpo("acme"), id, &hash);
    assert_eq!((status, &body["status"]), (200, &json!("scheduled")), "{body}");
}

/// How many rows of the sources hold a person's mark.
pub(crate) fn rows_of(house: &House, person: Person) -> usize {
    house.world.memory.inspect(|state| {
        let tables = state.sources.tables.values().flat_map(adapters_memory::Table::rows);
        tables.filter(|row| String::from_utf8_lossy(&row.to_json()).contains(person.canary)).count()
            + state.sources.media.values().flatten().filter(|(key, _)| key.contains(person.canary)).count()
    })
}

#[test]
fn nothing_goes_before_approval_and_grace_and_then_exactly_the_person_goes() {
    let mut house = House::new();
    let (ada, eve) = (rows_of(&house, ADA), rows_of(&house, EVE));
    let id = planned(&mut house, ADA);
    let shown = plan(&mut house, &id);
    let deleted: u64 = shown["sources"].as_array().unwrap().iter().map(|s| s["would_delete"].as_u64().unwrap()).sum();
    assert_eq!(deleted, ada as u64, "{shown}");
    assert_eq!(rows_of(&house, ADA), ada);
    approved(&mut house, &id);
    house.world.advance(WEEK - SignedDuration::from_mins(5));
    assert_eq!((house.status("acme", &id).as_str(), rows_of(&house, ADA)), ("scheduled", ada));
    house.world.advance(SignedDuration::from_hours(2));
    assert_eq!(house.status("acme", &id), "completed", "{:?}", house.job("acme", &id).parked_because);
    assert_eq!((rows_of(&house, ADA), rows_of(&house, EVE)), (0, eve));
    let subjects: Vec<String> = house.mails(&id).into_iter().map(|(_, subject)| subject).collect();
    let expected = [
        "Your privacy request has arrived",
        "Your confirmation code",
        "Your data will be deleted",
        "Your data has been deleted",
    ];
    assert_eq!(subjects, expected);
    house.world.advance(SignedDuration::from_hours(1));
    assert!(!house.has_key("acme", &id), "the job key outlives the last notice");
}

#[test]
fn the_receipt_is_signed_and_says_what_went() {
    let mut house = House::new();
    let ada = rows_of(&house, ADA) as u64;
    let id = planned(&mut house, ADA);
    let receipt_path = format!("/jobs/{id}/receipt");
    assert_eq!(house.get(&operator("acme"), &receipt_path).status, 409);
    let hash = plan(&mut house, &id)["plan_hash"].clone();
    approved(&mut house, &id);
    house.world.advance(WEEK + SignedDuration::from_hours(2));
    let answer = house.get(&subject(ADA), &receipt_path);
    assert_eq!(answer.status, 200);
    let jws = String::from_utf8(answer.bytes.clone()).unwrap();
    let key = ReceiptKey::from_der(&MemoryReceiptSigner::public_key_der()).unwrap();
    let receipt: Receipt = verify(&jws, &key).unwrap().read().unwrap();
    assert_eq!((json!(receipt.plan_hash), receipt.job), (hash, id));
    let deleted: u64 = receipt.sources.iter().filter_map(|source| source.counts.get("deleted")).sum();
    assert_eq!(deleted, ada);
    assert!(receipt.residual_until.unwrap() > receipt.completed_at);
    assert_eq!(house.get(&operator("globex"), &receipt_path).status, 404);
}

#[test]
fn an_export_after_the_erasure_is_empty() {
    let mut house = House::new();
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    house.world.advance(WEEK + SignedDuration::from_hours(2));
    let again = house.submit(&subject(ADA), "/requests", &access(ADA.email), ADA);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &again), "completed");
    let archive = house.fetch(&subject(ADA), &again);
    let found = files(&archive);
    assert_eq!(["app.users", "app.notes", "shop.orders"].map(|name| rows(&found, name).len()), [0, 0, 0]);
    let readme = String::from_utf8_lossy(&found["README.html"]).into_owned();
    assert!(readme.contains(&format!("was erased on 2026-03-09 at your request ({id})")), "{readme}");
}

#[test]
fn importers_learn_who_was_erased_and_of_whom_and_nothing_of_other_tenants() {
    let mut house = House::new();
    let ask = |house: &mut House, caller: &Caller| {
        let emails = [BOB.email, ADA.email, ADA.email].map(|email| json!({"type": "email", "value": email}));
        house.post(caller, "/suppressions/check", &json!({ "identities": emails }))
    };
    assert_eq!(ask(&mut house, &operator("acme")).body["suppressed"], json!([]));
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    assert_eq!(ask(&mut house, &operator("acme")).body["suppressed"], json!([]), "not before it is done");
    house.world.advance(WEEK + SignedDuration::from_hours(2));
    assert_eq!(house.status("acme", &id), "completed");
    let told = ask(&mut house, &operator("acme")).body;
    let places: Vec<_> = told["suppressed"].as_array().unwrap().iter().map(|one| one["index"].clone()).collect();
    assert_eq!(places, [json!(1), json!(2)], "{told}");
    assert_eq!(told["suppressed"][0]["job_id"], json!(id));
    assert_eq!(ask(&mut house, &operator("globex")).body["suppressed"], json!([]));
    assert_eq!(ask(&mut house, &subject(ADA)).status, 403);
}

#[test]
fn only_another_officer_approves_and_only_the_plan_that_is_there() {
    let mut house = House::new();
    let id = house.submit(&dpo("acme"), "/requests", &erasure(ADA.email), ADA);
    house.world.run_until_idle();
    house.prove(&operator("acme"), &id);
    house.world.run_until_idle();
    let hash = plan(&mut house, &id)["plan_hash"].as_str().unwrap().to_owned();
    let other = dpo("acme").with("sub", "dpo-2");
    assert_eq!(approve(&mut house, &dpo("acme"), &id, &hash).0, 403, "one's own request");
    assert_eq!(approve(&mut house, &operator("acme"), &id, &hash).0, 403, "without the permission");
    assert_eq!(approve(&mut house, &dpo("globex"), &id, &hash).0, 404, "another tenant");
    assert_eq!(approve(&mut house, &other, &id, &"0".repeat(64)).0, 409, "another plan");
    assert_eq!(approve(&mut house, &other, &id, "").0, 422);
    assert_eq!(approve(&mut house, &other, &id, &hash).0, 200);
    assert_eq!(approve(&mut house, &other, &id, &hash).0, 409, "twice");
    assert_eq!(house.get(&subject(ADA), &format!("/jobs/{id}/plan")).status, 403);
}

#[test]
fn cancelling_in_the_grace_period_leaves_everything_and_after_it_is_too_late() {
    let mut house = House::new();
    let ada = rows_of(&house, ADA);
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    house.world.advance(SignedDuration::from_hours(24));
    let cancel = house.post(&subject(ADA), &format!("/jobs/{id}/cancel"), &json!({}));
    assert_eq!((cancel.status, &cancel.body["status"]), (200, &json!("cancelled")), "{}", cancel.body);
    house.world.advance(WEEK + WEEK);
    assert_eq!((house.status("acme", &id).as_str(), rows_of(&house, ADA)), ("cancelled", ada));

    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    house.world.advance(WEEK + SignedDuration::from_hours(2));
    let late = house.post(&operator("acme"), &format!("/jobs/{id}/cancel"), &json!({}));
    assert!(matches!(late.status, 403 | 409), "{}", late.body);
    assert_eq!((house.status("acme", &id).as_str(), rows_of(&house, ADA)), ("completed", 0));
}

#[test]
fn what_changed_since_the_approval_is_planned_and_approved_anew() {
    let mut house = House::new();
    let id = planned(&mut house, ADA);
    let before = plan(&mut house, &id)["plan_hash"].clone();
    approved(&mut house, &id);
    let note = format!(r#"{{"id":"late","owner":"{}","tenant":"acme","text":"{} late"}}"#, ADA.id, ADA.canary);
    house.world.memory.change_sources(|sources| {
        sources.table("app.notes").insert(Datum::parse_json(note.as_bytes()).unwrap());
    });
    house.world.advance(WEEK + SignedDuration::from_hours(2));
    assert_eq!(house.status("acme", &id), "awaiting_approval");
    assert_ne!(plan(&mut house, &id)["plan_hash"], before);
    assert!(rows_of(&house, ADA) > 1);
    approved(&mut house, &id);
    house.world.advance(SignedDuration::from_hours(2));
    assert_eq!((house.status("acme", &id).as_str(), rows_of(&house, ADA)), ("completed", 0));
}

#[test]
fn what_comes_back_once_the_person_is_gone_is_still_found() {
    let mut house = House::new();
    let mut body = erasure(ADA.email);
    body["grace_period_days"] = json!(0);
    let id = house.submit(&subject(ADA), "/requests", &body, ADA);
    house.world.run_until_idle();
    approved(&mut house, &id);
    while house.job("acme", &id).erasure.unwrap().begun_at.is_none() {
        assert_eq!(house.deliver(1), 1, "the erasure never began");
    }
    let note = format!(r#"{{"id":"late","owner":"{}","tenant":"acme","text":"{} late"}}"#, ADA.id, ADA.canary);
    house.world.memory.change_sources(|sources| {
        sources.table("app.notes").insert(Datum::parse_json(note.as_bytes()).unwrap());
    });
    house.world.run_until_idle();
    assert_eq!((house.status("acme", &id).as_str(), rows_of(&house, ADA)), ("needs_human", 1));
    let again = house.post(&admin("acme"), &format!("/jobs/{id}/process"), &json!({}));
    assert_eq!(again.status, 200, "{}", again.body);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "awaiting_approval");
    assert_eq!(plan(&mut house, &id)["estimate"]["targets"], 1, "the walk from the address finds nothing any more");
    approved(&mut house, &id);
    house.world.run_until_idle();
    assert_eq!((house.status("acme", &id).as_str(), rows_of(&house, ADA)), ("completed", 0));
}

#[test]
fn bad_grace_periods_are_refused() {
    let mut house = House::new();
    for (days, status) in [(json!(91), 422), (json!(-1), 422), (json!("7"), 422), (json!(0), 202), (json!(90), 202)] {
        let mut body = erasure(ADA.email);
        body["grace_period_days"] = days.clone();
        let answer = house.post(&operator("acme"), "/requests", &body);
        assert_eq!(answer.status, status, "{days} {}", answer.body);
    }
    let mut body = access(ADA.email);
    body["grace_period_days"] = json!(7);
    assert_eq!(house.post(&operator("acme"), "/requests", &body).status, 422);
}

#[test]
fn without_grace_the_erasure_follows_the_approval_at_once() {
    let mut house = House::new();
    let mut body = erasure(ADA.email);
    body["grace_period_days"] = json!(0);
    let id = house.submit(&subject(ADA), "/requests", &body, ADA);
    house.world.run_until_idle();
    approved(&mut house, &id);
    house.world.run_until_idle();
    assert_eq!((house.status("acme", &id).as_str(), rows_of(&house, ADA)), ("completed", 0));
}
