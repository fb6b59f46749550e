//! How much a request risks, and that one of high risk keeps what bears on it: sealed, for staff, as long as its key lives.

use adapters_memory::{Fault, Point, Side};
use domain::step::{StepKind, StepState};
use habeas_tests::sample::{ADA, EVE, Person};
use jiff::SignedDuration;
use serde_json::{Value, json};
use workflow::ports::PortErrorKind;

use crate::caller::{Caller, developer, dpo, operator, owner, session, subject};
use crate::erasure::{approved, planned};
use crate::house::{BASE, Call, House, Settings, UNKNOWN_JOB, access};
use crate::maps::{map, row, set, table, world};

const MIA: Person = Person { tenant: "acme", id: "canary-mia", email: "mia.canary@example.com", canary: "canary-mia" };
const JUSTIFICATION: &str = "findings are kept for a study";
const CONSENT: &str = "consent: { person: who, purpose: purpose, status: status }, ";
const RETENTION: &str = "retention: { class: messages_days, time_field: at, organization_field: clinic }, ";

/// A clinic: patients, their visits with findings, what they agreed to.
fn clinic(visits: usize) -> House {
    let patients = table("patients", &["id key", "email email", "clinic organization_id", "tenant"]);
    let own = table("visits", &["id key", "patient -> care.patients.id", "clinic", "at", "finding", "tenant"]);
    let consents = table("consents", &["id key", "who -> care.patients.id", "purpose", "status", "tenant"]);
    let text = map(&[set("care", &[patients, own, consents])]);
    let plain = "- name: finding\n            data_categories: [user.content]";
    let text = text.replace(plain, &plain.replace("user.content", "user.health_and_medical"));
    let text = text.replace("{ table: care-visits, ", &format!("{{ table: care-visits, scan: allow, {RETENTION}"));
    let world = world(&text.replace("{ table: care-consents, ", &format!("{{ table: care-consents, {CONSENT}")));
    world.memory.change_sources(|sources| {
        sources.page_rows = 100;
        for (id, email) in [(MIA.id, MIA.email), ("canary-leo", "leo.canary@example.com")] {
            let cells = [("id", id), ("email", email), ("clinic", "north")];
            sources.table("care.patients").insert(row("acme", &cells));
            for purpose in ["study", "newsletter"] {
                let key = format!("{id}-{purpose}");
                let cells = [("id", key.as_str()), ("who", id), ("purpose", purpose), ("status", "granted")];
                sources.table("care.consents").insert(row("acme", &cells));
            }
        }
        for number in 0..visits {
            let id = format!("canary-mia-{number}");
            let cells = [("id", id.as_str()), ("patient", MIA.id), ("clinic", "north"), ("at", "2026-01-02T03:04:05Z")];
            sources.table("care.visits").insert(row("acme", &cells));
        }
    });
    let mut house = House::over(world, Settings::default());
    let policy = json!({"permanent": ["messages_days"], "justification": JUSTIFICATION});
    let call = Call::post(format!("{BASE}/retention"), &policy).method("PUT");
    assert_eq!(house.ask(&owner("acme", "north"), call).status, 200);
    house
}

fn kept(house: &mut House, caller: &Caller, id: &str) -> (u16, Value) {
    let answer = house.get(caller, &format!("/jobs/{id}/risk"));
    (answer.status, answer.body)
}

fn risk(house: &mut House, caller: &Caller, id: &str) -> Value {
    house.get(caller, &format!("/jobs/{id}")).body["risk"].clone()
}

/// What is kept with an erasure of Mia's.
fn assert_kept(body: &Value) {
    let ids: Vec<&str> =
        body["consents"].as_array().unwrap().iter().map(|it| it["record"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["canary-mia-newsletter", "canary-mia-study"], "{body}");
    assert!(body["consents"].as_array().unwrap().iter().all(|it| it["collection"] == "care.consents"));
    let held = json!([{
        "class": "messages_days", "organization_id": "north", "days": null, "justification": JUSTIFICATION, "version": 1,
    }]);
    assert_eq!((&body["retention"], &body["gaps"]), (&held, &json!([])));
}

/// Up to where every shard is planned and the plan is not sealed.
fn before_sealing(house: &mut House) -> String {
    let id = house.submit(&operator("acme"), "/requests", &crate::erasure::erasure(MIA.email), MIA);
    house.world.run_until_idle();
    house.prove(&operator("acme"), &id);
    loop {
        let steps = house.steps("acme", &id);
        let mut shards = steps.iter().filter(|step| step.kind == StepKind::PlanErasure).peekable();
        if shards.peek().is_some() && shards.all(|step| step.state == StepState::Done) {
            return id;
        }
        assert_eq!(house.deliver(1), 1, "the plan was never sealed");
    }
}

#[test]
fn an_access_to_ordinary_data_is_low_and_keeps_nothing() {
    let mut house = House::new();
    let id = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    house.world.run_until_idle();
    assert_eq!(risk(&mut house, &dpo("acme"), &id), Value::Null, "nothing is known before it is packed");
    house.prove(&operator("acme"), &id);
    house.world.run_until_idle();
    let expected = json!({
        "score": 23, "level": "low", "because": ["releases_data", "confidential_data", "proven_by_mailed_code"],
    });
    assert_eq!(risk(&mut house, &dpo("acme"), &id), expected);
    for caller in [subject(ADA), owner("acme", "org-1")] {
        let shown = house.get(&caller, &format!("/jobs/{id}"));
        assert!(shown.status != 200 || shown.body["risk"].is_null(), "{}", shown.body);
    }
    assert_eq!(kept(&mut house, &dpo("acme"), &id).0, 409);
    assert!(house.objects(&id).iter().all(|key| !key.contains("/risk-")));
    house.assert_rest();
}

#[test]
fn an_erasure_of_many_findings_is_high_and_keeps_consents_and_justifications() {
    let mut house = clinic(120);
    let id = planned(&mut house, MIA);
    let expected = json!({
        "score": 63, "level": "high",
        "because": ["erases_for_good", "special_categories", "many_records", "proven_by_mailed_code"],
    });
    assert_eq!(risk(&mut house, &operator("acme"), &id), expected);
    let (status, body) = kept(&mut house, &dpo("acme"), &id);
    assert_eq!((status, &body["risk"]), (200, &expected));
    assert_kept(&body);
    assert!(!body.to_string().contains("leo"), "{body}");
    for (caller, status) in [
        (session("acme", MIA.email), 403),
        (owner("acme", "north"), 404),
        (subject(EVE), 404),
        (dpo("globex"), 404),
        (developer("acme"), 200),
    ] {
        assert_eq!(kept(&mut house, &caller, &id).0, status, "{}", caller.claims["roles"]);
    }
    let (foreign, unknown) = (kept(&mut house, &dpo("globex"), &id).1, kept(&mut house, &dpo("globex"), UNKNOWN_JOB).1);
    assert_eq!(foreign["type"], unknown["type"]);
    approved(&mut house, &id);
    assert_kept(&kept(&mut house, &dpo("acme"), &id).1);
    house.world.advance(SignedDuration::from_hours(8 * 24));
    assert_eq!((house.status("acme", &id).as_str(), house.has_key("acme", &id)), ("completed", false));
    assert_eq!(kept(&mut house, &dpo("acme"), &id).0, 409, "the job key is gone");
    assert_eq!(risk(&mut house, &dpo("acme"), &id)["level"], "high", "the score stays");
    assert_eq!(house.objects(&id), [""; 0]);
    let looks = house.world.memory.inspect(|state| {
        let events = state.items.values().filter_map(|record| match record.as_ref() {
            domain::record::Record::Event(event) => Some(serde_json::to_string(event).unwrap()),
            _ => None,
        });
        events.filter(|event| event.contains("/jobs/{id}/risk")).count()
    });
    assert!(looks >= 3, "each look is audited, {looks} are");
    house.assert_rest();
}

#[test]
fn a_handed_out_archive_keeps_what_bears_on_it_until_it_ends() {
    let mut house = clinic(1_000);
    let id = house.submit(&operator("acme"), "/requests", &access(MIA.email), MIA);
    house.world.run_until_idle();
    let word = json!({"method": "passport", "note": "seen at the desk"});
    assert_eq!(house.post(&dpo("acme"), &format!("/jobs/{id}/verify/manual"), &word).status, 200);
    house.world.run_until_idle();
    let (status, body) = kept(&mut house, &dpo("acme"), &id);
    assert_eq!((status, &body["risk"]["score"], &body["risk"]["level"]), (200, &json!(65), &json!("high")), "{body}");
    assert_kept(&body);
    house.world.advance(SignedDuration::from_hours(24 * 30));
    assert_eq!((kept(&mut house, &dpo("acme"), &id).0, house.objects(&id).len()), (409, 0));
    house.assert_rest();
}

#[test]
fn a_silent_source_stops_no_request_and_is_named_as_a_gap() {
    let mut house = clinic(120);
    let id = before_sealing(&mut house);
    house.world.memory.change_sources(|sources| sources.denied.push("care.consents".to_owned()));
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "awaiting_approval");
    let (status, body) = kept(&mut house, &dpo("acme"), &id);
    assert_eq!((status, &body["consents"], &body["gaps"]), (200, &json!([]), &json!(["source_silent"])), "{body}");
    assert_eq!(body["retention"][0]["justification"], JUSTIFICATION);
}

#[test]
fn a_fault_at_any_call_loses_neither_the_request_nor_what_it_keeps() {
    let mut house = clinic(120);
    let id = before_sealing(&mut house);
    let start = house.world.memory.snapshot();
    let mut struck = 0;
    for call in 0..200 {
        let mut settled = false;
        for (side, fault) in [
            (Side::Before, Fault::Fail(PortErrorKind::Transient)),
            (Side::After, Fault::LoseAnswer),
            (Side::After, Fault::Crash),
        ] {
            house.world.restore(&start);
            house.world.memory.change(|state| {
                state.faults.reset();
                state.faults.plan(Point { call, side }, fault);
            });
            house.world.run_until_idle();
            settled |= house.world.memory.inspect(|state| state.faults.is_settled());
            house.world.memory.change(|state| state.faults.reset());
            house.world.advance(SignedDuration::from_hours(1));
            assert_eq!(house.status("acme", &id), "awaiting_approval", "{side:?} {fault:?} at call {call}");
            assert_kept(&kept(&mut house, &dpo("acme"), &id).1);
        }
        if !settled {
            break;
        }
        struck += 1;
    }
    assert!(struck > 5, "{struck} faults");
}
