//! An identity is wrong (Art. 16): every copy is corrected, and what stood for the person stands under the right one.

use adapters_memory::{Fault, Point, Side};
use domain::datum::Datum;
use habeas_tests::sample::{ADA, BOB, Person};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::bad_input::{check, requests};
use crate::caller::{dpo, operator, subject};
use crate::erasure::{approved, planned as planned_erasure, rows_of};
use crate::holds::{person, place, release, third};
use crate::house::{House, access};

mod copies;

/// The address that is right.
const RIGHT: &str = "ada.canary-ada@example.org";
/// Deaths that are played: every call until the person is told.
const MOST_DEATHS: u64 = 150;
/// The person under it.
const RENAMED: Person = Person { email: RIGHT, ..ADA };

fn request(kind: &str, wrong: &str, right: &str) -> Value {
    let subject = json!({"identities": [{"type": kind, "value": wrong}]});
    json!({"type": "rectification", "subject": subject, "corrections": [{"identity": kind, "value": right}]})
}

/// A request by staff, with the wrong address proven.
fn asked(house: &mut House, right: &str) -> String {
    let id = house.submit(&operator("acme"), "/requests", &request("email", ADA.email, right), ADA);
    house.world.run_until_idle();
    house.prove(&operator("acme"), &id);
    house.world.run_until_idle();
    id
}

fn planned(house: &mut House) -> (String, Value) {
    let id = asked(house, RIGHT);
    assert_eq!(house.status("acme", &id), "awaiting_approval", "{:?}", house.job("acme", &id).parked_because);
    let plan = house.get(&operator("acme"), &format!("/jobs/{id}/plan")).body;
    (id, plan)
}

fn approve(house: &mut House, id: &str, plan: &Value) -> u16 {
    let body = json!({"plan_hash": plan["plan_hash"]});
    house.post(&dpo("acme"), &format!("/jobs/{id}/approve"), &body).status
}

fn renamed(house: &mut House) -> String {
    let (id, plan) = planned(house);
    assert_eq!(approve(house, &id, &plan), 200);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "completed", "{:?}", house.job("acme", &id).parked_because);
    id
}

/// Every row, with one address of the first tenant in the place of another.
fn rows(house: &House, wrong: &str, right: &str) -> Vec<Datum> {
    house.world.memory.inspect(|state| {
        let all = state.sources.tables.values().flat_map(adapters_memory::Table::rows);
        let one = |row: &Datum| {
            let mut row = row.clone();
            let is_own = row.get("tenant") == Some(&Datum::Text("acme".to_owned()));
            if let Datum::Map(entries) = &mut row {
                let wrong = entries.iter_mut().filter(|(_, it)| is_own && it.as_text() == Some(wrong));
                wrong.for_each(|(_, it)| *it = Datum::Text(right.to_owned()));
            }
            row
        };
        all.map(one).collect()
    })
}

fn who(house: &mut House, what: &str) -> Vec<u64> {
    let emails = [BOB.email, ADA.email, RIGHT].map(|email| json!({"type": "email", "value": email}));
    let answer = house.post(&operator("acme"), "/suppressions/check", &json!({ "identities": emails }));
    answer.body[what].as_array().unwrap().iter().map(|one| one["index"].as_u64().unwrap()).collect()
}

/// The files of an access of somebody.
fn accessed(house: &mut House, about: Person) -> std::collections::BTreeMap<String, Vec<u8>> {
    let id = house.submit(&operator("acme"), "/requests", &access(about.email), about);
    house.world.run_until_idle();
    house.prove(&operator("acme"), &id);
    house.world.run_until_idle();
    crate::house::files(&house.fetch(&subject(about), &id))
}

fn restricted(house: &mut House) {
    let subject = json!({"identities": [{"type": "email", "value": ADA.email}]});
    let id = house.submit(&operator("acme"), "/requests", &json!({"type": "restriction", "subject": subject}), ADA);
    house.world.run_until_idle();
    house.prove(&operator("acme"), &id);
    house.world.run_until_idle();
}

#[test]
fn an_address_is_corrected_where_it_is_and_the_person_is_found_by_the_right_one() {
    let mut house = House::new();
    let (before, wanted) = (rows(&house, "", ""), rows(&house, ADA.email, RIGHT));
    let (id, plan) = planned(&mut house);
    assert!(rows(&house, "", "") == before, "a plan changes nothing");
    let users: Vec<&Value> = plan["sources"].as_array().unwrap().iter().collect();
    assert_eq!((users.len(), &users[0]["would_correct"]), (1, &json!(1)), "{plan}");
    assert!(!plan.to_string().contains(RIGHT), "{plan}");
    assert_eq!(approve(&mut house, &id, &plan), 200);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "completed", "{:?}", house.job("acme", &id).parked_because);
    assert!(rows(&house, "", "") == wanted, "nothing else, and of nobody else");
    let said = house.world.memory.inspect(|state| {
        let calls = state.outside.calls.iter().map(|(_, call)| call.body.expose().clone());
        calls.map(|body| serde_json::from_str::<Value>(&body).unwrap()).collect::<Vec<_>>()
    });
    let [hook] = &said[..] else { panic!("who received users is told: {said:?}") };
    assert_eq!(hook["data"]["identities"], json!([{"type": "email", "value": ADA.email}]));
    assert_eq!(
        hook["data"]["corrections"],
        json!([{"field": "app.users.email", "data_categories": ["user.contact.email"], "value": RIGHT}])
    );
    assert_eq!(crate::house::rows(&accessed(&mut house, RENAMED), "app.notes").len(), 3);
    house.assert_rest();
}

#[test]
fn restrictions_and_objections_stand_under_the_right_address_too_and_end_under_both() {
    let mut house = House::new();
    let mut jobs = Vec::new();
    for (kind, purpose) in [("restriction", Value::Null), ("objection", json!("direct_marketing"))] {
        let mut body = json!({"type": kind, "subject": {"identities": [{"type": "email", "value": ADA.email}]}});
        if !purpose.is_null() {
            body["purpose"] = purpose;
        }
        let id = house.submit(&operator("acme"), "/requests", &body, ADA);
        house.world.run_until_idle();
        house.prove(&operator("acme"), &id);
        house.world.run_until_idle();
        jobs.push(id);
    }
    assert_eq!((who(&mut house, "restricted"), who(&mut house, "objected")), (vec![1], vec![1]));
    renamed(&mut house);
    assert_eq!((who(&mut house, "restricted"), who(&mut house, "objected")), (vec![1, 2], vec![1, 2]));
    for id in &jobs {
        let path = format!("/jobs/{id}/lift");
        let lifted = house.post(&subject(ADA), &path, &json!({"reason": "enough"}));
        assert_eq!(lifted.status, 200, "{}", lifted.body);
    }
    house.world.run_until_idle();
    assert_eq!((who(&mut house, "restricted"), who(&mut house, "objected")), (vec![], vec![]));
}

#[test]
fn a_hold_under_either_address_stops_the_correction() {
    for held in [ADA.email, RIGHT] {
        let mut house = House::new();
        let (id, plan) = planned(&mut house);
        let before = rows(&house, "", "");
        let hold = place(&mut house, &person("email", held));
        assert_eq!(approve(&mut house, &id, &plan), 409, "{held}");
        assert!(rows(&house, "", "") == before);
        assert_eq!(release(&mut house, &third(), &hold).0, 200);
        assert_eq!(approve(&mut house, &id, &plan), 200);
        house.world.run_until_idle();
        assert_eq!(house.status("acme", &id), "completed");
    }
}

#[test]
fn a_hold_under_the_address_that_was_wrong_still_stops_the_erasure_of_the_person() {
    let mut house = House::new();
    renamed(&mut house);
    let left = rows_of(&house, ADA);
    let id = planned_erasure(&mut house, RENAMED);
    approved(&mut house, &id);
    let hold = place(&mut house, &person("email", ADA.email));
    house.world.advance(SignedDuration::from_hours(9 * 24));
    assert_eq!((house.status("acme", &id).as_str(), rows_of(&house, ADA)), ("on_hold", left));
    assert_eq!(release(&mut house, &third(), &hold).0, 200);
    house.world.run_until_idle();
    assert_eq!((house.status("acme", &id).as_str(), rows_of(&house, ADA)), ("completed", 0));
    assert_eq!(who(&mut house, "suppressed"), [2], "what was wrong may be somebody else's");
}

#[test]
fn an_address_of_somebody_else_stops_the_plan_and_nothing_is_written() {
    let mut house = House::new();
    let before = rows(&house, "", "");
    let id = asked(&mut house, BOB.email);
    let because = house.job("acme", &id).parked_because;
    assert_eq!(house.status("acme", &id), "needs_human");
    assert!(because.is_some_and(|why| why.contains("somebody else's")));
    assert!(rows(&house, "", "") == before);
}

#[test]
fn an_address_of_somebody_who_was_erased_is_refused_to_staff_and_stops_the_plan_of_a_person() {
    let mut house = House::new();
    let erased = planned_erasure(&mut house, BOB);
    approved(&mut house, &erased);
    house.world.advance(SignedDuration::from_hours(9 * 24));
    assert_eq!(house.status("acme", &erased), "completed");
    let before = rows(&house, "", "");
    let body = request("email", ADA.email, BOB.email).to_string();
    check(&mut house, &operator("acme"), requests(body), 422, "/corrections/0/value");
    // The person is not told who was erased: the plan stops instead.
    let id = house.submit(&subject(ADA), "/requests", &request("email", ADA.email, BOB.email), ADA);
    house.world.run_until_idle();
    assert!(house.job("acme", &id).parked_because.is_some_and(|why| why.contains("somebody else's")));
    assert!(rows(&house, "", "") == before);
}

#[test]
fn an_erasure_under_an_address_that_is_corrected_meanwhile_does_not_say_that_all_is_gone() {
    let mut house = House::new();
    let erasure = planned_erasure(&mut house, ADA);
    approved(&mut house, &erasure);
    renamed(&mut house);
    let left = rows_of(&house, ADA);
    house.world.advance(SignedDuration::from_hours(9 * 24));
    assert_eq!((house.status("acme", &erasure).as_str(), rows_of(&house, ADA)), ("needs_human", left));
    assert!(house.job("acme", &erasure).parked_because.is_some_and(|why| why.contains("was corrected since")));
}

/// Whoever dies amid the copies leaves a person that is known by the right address here and by the wrong one there.
#[test]
fn a_worker_that_dies_at_any_call_of_a_correction_changes_nothing() {
    let mut house = House::new();
    restricted(&mut house);
    let wanted = rows(&house, ADA.email, RIGHT);
    let (id, plan) = planned(&mut house);
    assert_eq!(approve(&mut house, &id, &plan), 200);
    let before = house.world.memory.snapshot();
    house.world.memory.change(|state| state.faults.reset());
    house.world.advance(SignedDuration::from_mins(30));
    let calls = house.world.memory.inspect(|state| state.faults.calls().len() as u64);
    assert!(calls > 50, "{calls}");
    for number in 0..calls.min(MOST_DEATHS) {
        house.world.restore(&before);
        house.world.memory.change(|state| {
            state.faults.reset();
            state.faults.plan(Point { call: number, side: Side::After }, Fault::Crash);
        });
        house.world.advance(SignedDuration::from_mins(30));
        let because = house.job("acme", &id).parked_because;
        assert_eq!(house.status("acme", &id), "completed", "{number}: {because:?}");
        assert!(rows(&house, "", "") == wanted, "{number}");
        assert_eq!(who(&mut house, "restricted"), [1, 2], "{number}");
    }
}

#[test]
fn identities_that_cannot_be_corrected_are_refused_with_their_place_and_their_reason() {
    let mut house = House::new();
    let of = |corrections: Value| {
        let mut body = request("email", ADA.email, RIGHT);
        body["corrections"] = corrections;
        body.to_string()
    };
    let email = json!({"identity": "email", "value": RIGHT});
    for (corrections, place) in [
        (json!([{"identity": "email", "value": "no address"}]), "/corrections/0/value"),
        (json!([{"identity": "email", "value": 7}]), "/corrections/0/value"),
        (json!([{"identity": "email", "value": ADA.email}]), "/corrections/0/value"),
        (json!([{"identity": "phone_number", "value": "+4912345678"}]), "/corrections/0/identity"),
        (json!([{"identity": "organization_id", "value": "org-2"}]), "/corrections/0/identity"),
        (json!([{"identity": "nickname", "value": "x"}]), "/corrections/0/identity"),
        (json!([{"identity": "email", "field": "app.users.email", "value": RIGHT}]), "/corrections/0"),
        (json!([email, {"category": "user.name", "value": "x"}]), "/corrections"),
        (json!([email, email]), "/corrections"),
    ] {
        check(&mut house, &operator("acme"), requests(of(corrections)), 422, place);
    }
    let unknown = request("user_id", "u-ada", "u-eda").to_string();
    check(&mut house, &operator("acme"), requests(unknown), 422, "/corrections/0/identity");
    let mut two = request("email", ADA.email, RIGHT);
    two["subject"]["identities"] =
        json!([{"type": "email", "value": ADA.email}, {"type": "email", "value": BOB.email}]);
    check(&mut house, &operator("acme"), requests(two.to_string()), 422, "/corrections/0/identity");
}
