//! Somebody's data is wrong (Art. 16): a plan of the copies, approval by another, correction of exactly those, whoever
//! received them is told, and a receipt.

use adapters_memory::MemoryReceiptSigner;
use audit_log::key::ReceiptKey;
use audit_log::receipt::{Receipt, verify};
use domain::datum::Datum;
use habeas_tests::sample::{ADA, BOB, EVE};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::bad_input::{check, requests};
use crate::caller::{dpo, operator, subject};
use crate::house::House;

/// The name that is right; it marks its owner as every other value does.
const RIGHT: &str = "canary-ada-right";

fn request(corrections: &Value) -> Value {
    let subject = json!({"identities": [{"type": "email", "value": ADA.email}]});
    json!({"type": "rectification", "subject": subject, "corrections": corrections})
}

fn named() -> Value {
    json!([{"category": "user.name", "value": RIGHT}, {"field": "app.notes.text", "value": RIGHT}])
}

fn planned(house: &mut House, corrections: &Value) -> (String, Value) {
    let id = house.submit(&operator("acme"), "/requests", &request(corrections), ADA);
    house.world.run_until_idle();
    house.prove(&operator("acme"), &id);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "awaiting_approval", "{:?}", house.job("acme", &id).parked_because);
    let plan = house.get(&operator("acme"), &format!("/jobs/{id}/plan")).body;
    (id, plan)
}

fn approve(house: &mut House, id: &str, plan: &Value) -> u16 {
    let body = json!({"plan_hash": plan["plan_hash"]});
    house.post(&dpo("acme"), &format!("/jobs/{id}/approve"), &body).status
}

/// Every row as it is, with one field of the first tenant's Ada replaced where it is told.
fn rows(house: &House, replaced: &[(&str, &str)]) -> Vec<(String, Datum)> {
    house.world.memory.inspect(|state| {
        let all = state.sources.tables.iter().flat_map(|(name, table)| table.rows().map(move |row| (name, row)));
        let one = |(name, row): (&String, &Datum)| {
            let mut row = row.clone();
            if let Datum::Map(entries) = &mut row
                && String::from_utf8_lossy(&Datum::Map(entries.clone()).to_json()).contains(ADA.canary)
            {
                for (field, value) in entries.iter_mut().filter(|(field, _)| replaced.contains(&(name, field))) {
                    assert!(!field.is_empty());
                    *value = Datum::Text(RIGHT.to_owned());
                }
            }
            (name.clone(), row)
        };
        all.map(one).collect()
    })
}

#[test]
fn exactly_the_copies_that_were_approved_are_corrected_and_whoever_received_them_is_told() {
    let mut house = House::new();
    let wanted = rows(&house, &[("app.users", "name"), ("app.notes", "text")]);
    let before = rows(&house, &[]);
    let (id, plan) = planned(&mut house, &named());
    let counts: Vec<(Value, Value)> = plan["sources"].as_array().unwrap().iter().map(counts).collect();
    assert_eq!(counts, [(json!("app.notes"), json!(3)), (json!("app.users"), json!(1))], "{plan}");
    assert!(rows(&house, &[]) == before, "a plan changes nothing");
    let page = house.get(&dpo("acme"), &format!("/jobs/{id}/plan?source=app.users")).body;
    assert_eq!(page["items"][0]["action"], json!("correct"), "{page}");
    assert_eq!(approve(&mut house, &id, &plan), 200);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "completed", "{:?}", house.job("acme", &id).parked_because);
    assert!(rows(&house, &[]) == wanted, "nothing else, and of nobody else");
    let said = house.world.memory.inspect(|state| {
        let calls = state.outside.calls.iter().map(|(_, call)| call.body.expose().clone());
        calls.map(|body| serde_json::from_str::<Value>(&body).unwrap()).collect::<Vec<_>>()
    });
    let [hook] = &said[..] else { panic!("only who received users is told: {said:?}") };
    assert_eq!(hook["type"], json!("rectification_requested"));
    let told = json!([{"field": "app.users.name", "data_categories": ["user.name"], "value": RIGHT}]);
    assert_eq!((&hook["data"]["request_type"], &hook["data"]["corrections"]), (&json!("rectification"), &told));
    assert_eq!(house.mails(&id).last().unwrap().1, "Your data has been corrected");
    let jws = house.get(&subject(ADA), &format!("/jobs/{id}/receipt"));
    let key = ReceiptKey::from_der(&MemoryReceiptSigner::public_key_der()).unwrap();
    let receipt: Receipt = verify(&String::from_utf8(jws.bytes).unwrap(), &key).unwrap().read().unwrap();
    assert_eq!((receipt.legal_basis.as_str(), receipt.request_type.as_str()), ("GDPR Art. 16", "rectification"));
    assert_eq!(receipt.sources.iter().map(|one| one.counts["corrected"]).collect::<Vec<_>>(), [3, 1]);
    house.world.advance(SignedDuration::from_hours(2));
    assert!(!house.has_key("acme", &id), "the value is kept no longer");
    let suppressed = json!({"identities": [{"type": "email", "value": ADA.email}]});
    assert_eq!(house.post(&operator("acme"), "/suppressions/check", &suppressed).body["suppressed"], json!([]));
}

fn counts(source: &Value) -> (Value, Value) {
    (source["source"].clone(), source["would_correct"].clone())
}

#[test]
fn what_changed_since_the_approval_is_planned_and_approved_anew() {
    let mut house = House::new();
    let (id, plan) = planned(&mut house, &named());
    house.world.memory.change_sources(|sources| {
        let table = sources.table("app.users");
        let (at, row) = table.numbered().find(|(_, row)| row.to_json().ends_with(b"acme\"}")).unwrap();
        let Datum::Map(mut entries) = row.clone() else { panic!("a row") };
        let own = entries.iter_mut().find(|(name, _)| name == "name").unwrap();
        own.1 = Datum::Text("canary-ada-between".to_owned());
        table.replace(at, Datum::Map(entries));
    });
    let before = rows(&house, &[]);
    assert_eq!(approve(&mut house, &id, &plan), 200);
    house.world.run_until_idle();
    assert_eq!((house.status("acme", &id).as_str(), rows(&house, &[]) == before), ("awaiting_approval", true));
    assert_eq!(approve(&mut house, &id, &plan), 409, "the old plan");
    let plan = house.get(&operator("acme"), &format!("/jobs/{id}/plan")).body;
    assert_eq!(approve(&mut house, &id, &plan), 200);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "completed");
}

#[test]
fn a_hold_keeps_wrong_data_as_it_is_until_it_is_released() {
    let mut house = House::new();
    let (id, plan) = planned(&mut house, &named());
    let before = rows(&house, &[]);
    let hold = json!({"scope": {"subject": {"identities": [{"type": "email", "value": ADA.email}]}}, "matter": "m", "reason": "r"});
    let placed = house.post(&dpo("acme").with("sub", "counsel"), "/holds", &hold);
    assert_eq!((placed.status, approve(&mut house, &id, &plan)), (201, 409));
    assert!(rows(&house, &[]) == before);
    let release = format!("/holds/{}/release", placed.body["id"].as_str().unwrap());
    assert_eq!(house.post(&dpo("acme").with("sub", "third"), &release, &json!({})).status, 200);
    assert_eq!(approve(&mut house, &id, &plan), 200);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "completed");
}

#[test]
fn what_is_cancelled_or_refused_is_not_corrected_and_strangers_see_nothing() {
    let mut house = House::new();
    let before = rows(&house, &[]);
    let (id, plan) = planned(&mut house, &named());
    for (caller, status) in [(dpo("globex"), 404), (subject(BOB), 404), (subject(EVE), 404), (operator("acme"), 403)] {
        let body = json!({"plan_hash": plan["plan_hash"]});
        assert_eq!(house.post(&caller, &format!("/jobs/{id}/approve"), &body).status, status);
    }
    assert_eq!(house.post(&subject(ADA), &format!("/jobs/{id}/cancel"), &json!({})).status, 200);
    assert_eq!(approve(&mut house, &id, &plan), 409);
    let (id, _) = planned(&mut house, &named());
    let answer = house.post(&dpo("acme"), &format!("/jobs/{id}/reject"), &json!({"reason": "it was right"}));
    assert_eq!(answer.status, 200);
    house.world.advance(SignedDuration::from_hours(2));
    assert!(rows(&house, &[]) == before);
    assert_eq!(house.mails(&id).last().unwrap().1, "Your privacy request was refused");
    house.assert_rest();
}

#[test]
fn corrections_that_cannot_be_made_are_refused_with_their_place_and_their_reason() {
    let mut house = House::new();
    let one = |name: &str, value: Value| json!([{ name: value, "value": "canary" }]);
    for (corrections, place) in [
        (json!([]), "/corrections"),
        (json!(vec![json!({"field": "app.users.name", "value": "canary"}); 21]), "/corrections"),
        (json!([{"value": "canary"}]), "/corrections/0"),
        (json!([{"field": "a", "category": "b", "value": "canary"}]), "/corrections/0"),
        (one("identity", json!("email")), "/corrections/0/value"),
        (one("field", json!("app.users.email")), "/corrections/0/field"),
        (one("field", json!("app.users.id")), "/corrections/0/field"),
        (one("field", json!("app.notes.owner")), "/corrections/0/field"),
        (one("field", json!("app.users.tenant")), "/corrections/0/field"),
        (one("field", json!("media.pictures.file")), "/corrections/0/field"),
        (one("field", json!("app.users.nothing")), "/corrections/0/field"),
        (one("field", json!("name")), "/corrections/0/field"),
        (one("field", json!(" ")), "/corrections/0/field"),
        (one("category", json!("user.contact.email")), "/corrections/0/category"),
        (one("category", json!("user.nothing")), "/corrections/0/category"),
        (json!([{"field": "app.users.name", "value": " "}]), "/corrections/0/value"),
        (json!([{"field": "app.users.name", "value": null}]), "/corrections/0/value"),
        (json!([{"field": "app.users.name", "value": ["canary"]}]), "/corrections/0/value"),
        (json!([{"field": "app.users.name", "value": "c".repeat(2_001)}]), "/corrections/0/value"),
        (json!([{"field": "app.users.name", "value": "a\u{0}b"}]), "/corrections/0/value"),
        (json!([{"field": "app.users.name", "value": "x", "more": 1}]), "/corrections/0/more"),
        (
            json!([{"category": "user.name", "value": "a"}, {"category": "user.name", "value": "b"}]),
            "/corrections/1/category",
        ),
    ] {
        check(&mut house, &operator("acme"), requests(request(&corrections).to_string()), 422, place);
    }
    let mut without = request(&named());
    without.as_object_mut().unwrap().remove("corrections");
    check(&mut house, &operator("acme"), requests(without.to_string()), 422, "/corrections");
}
