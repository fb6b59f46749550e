//! The owner deletes an organisation: its name typed back, approved by an officer, with everybody in it and nobody else.

use domain::datum::Datum;
use habeas_tests::sample::{ADA, BOB, EVE, Person};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::caller::{Caller, dpo, operator, owner, subject};
use crate::erasure::rows_of;
use crate::house::House;

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24 + 2);
const ZOE: Person = Person { tenant: "acme", id: "u-zoe", email: "zoe.canary@example.com", canary: "canary-zoe" };
/// Whom the mails of an organisation's job may go to: nobody.
const NO_PERSON: Person = Person { tenant: "acme", id: "", email: "", canary: "canary-none" };

fn boss() -> Caller {
    owner("acme", "org-1").with("org_name", "Acme GmbH")
}

/// Ada and Bob in one organisation, Zoe in another, Eve with another tenant.
fn house() -> House {
    let house = House::new();
    house.world.memory.change_sources(|sources| {
        let row = |fields: &[(&str, &str)]| {
            let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), Datum::Text((*value).to_owned())));
            Datum::Map(fields.collect())
        };
        let zoe = [("id", ZOE.id), ("email", ZOE.email), ("organization_id", "org-2"), ("tenant", "acme")];
        sources.table("app.users").insert(row(&zoe));
        let note = [("id", "canary-zoe-note"), ("owner", ZOE.id), ("text", "canary-zoe-text"), ("tenant", "acme")];
        sources.table("app.notes").insert(row(&note));
    });
    house
}

fn body() -> Value {
    json!({"confirm_org_name": "Acme GmbH", "delete_media": true})
}

fn planned(house: &mut House) -> String {
    let id = house.submit(&boss(), "/delete", &body(), NO_PERSON);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "awaiting_approval", "{:?}", house.job("acme", &id).parked_because);
    id
}

fn approve(house: &mut House, caller: &Caller, id: &str) -> u16 {
    let plan = house.get(&operator("acme"), &format!("/jobs/{id}/plan")).body;
    house.post(caller, &format!("/jobs/{id}/approve"), &json!({"plan_hash": plan["plan_hash"]})).status
}

fn left(house: &House) -> [usize; 4] {
    [ADA, BOB, ZOE, EVE].map(|person| rows_of(house, person))
}

#[test]
fn everybody_of_the_organisation_goes_after_approval_and_grace_and_nobody_else() {
    let mut house = house();
    let [ada, bob, zoe, eve] = left(&house);
    let id = planned(&mut house);
    let plan = house.get(&boss(), &format!("/jobs/{id}/plan")).body;
    let deleted: u64 = plan["sources"].as_array().unwrap().iter().map(|s| s["would_delete"].as_u64().unwrap()).sum();
    assert_eq!((deleted, left(&house)), ((ada + bob) as u64, [ada, bob, zoe, eve]), "{plan}");
    assert_eq!(approve(&mut house, &boss(), &id), 403, "one's own request");
    assert_eq!(approve(&mut house, &dpo("acme"), &id), 200);
    assert_eq!(approve(&mut house, &dpo("acme"), &id), 409, "twice");
    house.world.advance(SignedDuration::from_hours(24));
    assert_eq!(left(&house), [ada, bob, zoe, eve], "not within the grace");
    house.world.advance(WEEK);
    assert_eq!(house.status("acme", &id), "completed", "{:?}", house.job("acme", &id).parked_because);
    assert_eq!(left(&house), [0, 0, zoe, eve]);
    assert_eq!(house.get(&boss(), &format!("/jobs/{id}/receipt")).status, 200);
    let late = house.post(&boss(), &format!("/jobs/{id}/cancel"), &json!({}));
    assert_eq!(late.status, 409, "{}", late.body);
    let emails = [ADA.email, BOB.email, ZOE.email].map(|email| json!({"type": "email", "value": email}));
    let told = house.post(&operator("acme"), "/suppressions/check", &json!({ "identities": emails })).body;
    let places: Vec<&Value> = told["suppressed"].as_array().unwrap().iter().map(|one| &one["index"]).collect();
    assert_eq!(places, [&json!(0), &json!(1)], "{told}");
    // Who knows people is told of the members. A request of OpenDSR is of one: what that would be told is kept until its
    // deadline is over.
    let told = house.world.memory.inspect(|state| {
        let calls = state.outside.calls.iter().map(|(_, call)| (call.url.clone(), call.body.expose().clone()));
        calls.map(|(url, body)| (url, serde_json::from_str::<Value>(&body).unwrap())).collect::<Vec<_>>()
    });
    let [(url, hook)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((url.as_str(), &hook["type"]), ("https://mailer.example.com/hooks", &json!("erasure_requested")));
    let members = [ADA.email, BOB.email].map(|email| json!({"type": "email", "value": email}));
    assert_eq!(hook["data"]["identities"], json!(members));
    house.world.advance(SignedDuration::from_hours(24 * 40));
    assert!(!house.has_key("acme", &id));
}

#[test]
fn the_owner_takes_it_back_during_the_grace_and_media_stay_unless_asked_for() {
    let mut house = house();
    let before = left(&house);
    let id = planned(&mut house);
    assert_eq!(approve(&mut house, &dpo("acme"), &id), 200);
    house.world.advance(SignedDuration::from_hours(24));
    assert_eq!(house.post(&boss(), &format!("/jobs/{id}/cancel"), &json!({})).status, 200);
    house.world.advance(WEEK);
    assert_eq!((house.status("acme", &id).as_str(), left(&house)), ("cancelled", before));
    let id = house.submit(&boss(), "/delete", &json!({"confirm_org_name": "Acme GmbH"}), NO_PERSON);
    house.world.run_until_idle();
    let plan = house.get(&operator("acme"), &format!("/jobs/{id}/plan")).body;
    assert!(!plan.to_string().contains("media."), "{plan}");
}

#[test]
fn a_hold_on_one_member_stops_all_of_it_until_it_is_released() {
    let mut house = house();
    let before = left(&house);
    let id = planned(&mut house);
    assert_eq!(approve(&mut house, &dpo("acme"), &id), 200);
    let scope = json!({"subject": {"identities": [{"type": "email", "value": BOB.email}]}});
    let hold = json!({"scope": scope, "matter": "a matter", "reason": "a reason"});
    let hold = house.post(&dpo("acme").with("sub", "counsel"), "/holds", &hold).body;
    assert_eq!(hold["status"], "effective", "{hold}");
    house.world.advance(WEEK);
    assert_eq!((house.status("acme", &id).as_str(), left(&house)), ("on_hold", before));
    let release = format!("/holds/{}/release", hold["id"].as_str().unwrap());
    let released = house.post(&dpo("acme").with("sub", "third"), &release, &json!({}));
    assert_eq!(released.status, 200, "{}", released.body);
    house.world.advance(SignedDuration::from_hours(2));
    assert_eq!((house.status("acme", &id).as_str(), &left(&house)[..2]), ("completed", [0, 0].as_slice()));
}

#[test]
fn wrong_names_foreign_organisations_and_everybody_else_are_refused() {
    let mut house = house();
    let before = house.written();
    let named = |name: &str| json!({"confirm_org_name": name});
    for (name, pointer) in [
        ("acme gmbh", "/confirm_org_name"),
        ("Acme GmbH ", "/confirm_org_name"),
        ("org-1", "/confirm_org_name"),
        ("", "/confirm_org_name"),
        (" ", "/confirm_org_name"),
    ] {
        let answer = house.post(&boss(), "/delete", &named(name));
        assert_eq!((answer.status, &answer.body["errors"][0]["pointer"]), (422, &json!(pointer)), "{name:?}");
    }
    let missing = house.post(&boss(), "/delete", &json!({}));
    assert_eq!(missing.status, 422, "{}", missing.body);
    let mut foreign = body();
    foreign["organization_id"] = json!("org-2");
    assert_eq!(house.post(&boss(), "/delete", &foreign).status, 404);
    let mut long = body();
    long["grace_period_days"] = json!(91);
    assert_eq!(house.post(&boss(), "/delete", &long).status, 422);
    for caller in [operator("acme"), dpo("acme"), subject(ADA), owner("acme", "org-1")] {
        assert_eq!(house.post(&caller, "/delete", &body()).status, 403);
    }
    assert_eq!(house.written(), before);
}
