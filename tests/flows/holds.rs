//! Legal holds over HTTP: what they stop, whom they answer, who may end them, and that work goes on by itself afterwards.

use adapters_memory::{Fault, Point, Side};
use domain::record::Record;
use habeas_tests::sample::{ADA, BOB, EVE};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::call::Call;
use crate::caller::{Caller, dpo, operator, owner, subject};
use crate::erasure::{approved, planned, rows_of};
use crate::house::{BASE, House};

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The officer who places holds; `dpo` is the one who approves erasures.
fn counsel() -> Caller {
    dpo("acme").with("sub", "counsel")
}

/// The officer who has done neither.
pub(crate) fn third() -> Caller {
    dpo("acme").with("sub", "third")
}

fn on(scope: Value) -> Value {
    json!({"scope": scope, "matter": "canary-matter v. Acme", "reason": "canary-reason: litigation"})
}

pub(crate) fn person(kind: &str, value: &str) -> Value {
    on(json!({"subject": {"identities": [{"type": kind, "value": value}]}}))
}

pub(crate) fn place(house: &mut House, body: &Value) -> Value {
    let answer = house.post(&counsel(), "/holds", body);
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body
}

pub(crate) fn release(house: &mut House, caller: &Caller, hold: &Value) -> (u16, Value) {
    let path = format!("/holds/{}/release", hold["id"].as_str().unwrap());
    let answer = house.post(caller, &path, &json!({}));
    (answer.status, answer.body)
}

fn status(house: &House, id: &str) -> String {
    house.status("acme", id)
}

/// Past the grace period: the hold stops the claim, the release lets the erasure go on by itself.
fn held_until_released(body: &Value) {
    let mut house = House::new();
    let (ada, bob) = (rows_of(&house, ADA), rows_of(&house, BOB));
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    let hold = place(&mut house, body);
    assert_eq!((&hold["status"], &hold["in_flight"]), (&json!("effective"), &json!([])), "{hold}");
    house.world.advance(WEEK + SignedDuration::from_hours(30));
    assert_eq!((status(&house, &id).as_str(), rows_of(&house, ADA)), ("on_hold", ada));
    let (code, released) = release(&mut house, &third(), &hold);
    assert_eq!((code, &released["status"]), (200, &json!("released")), "{released}");
    house.world.run_until(house.world.memory.now() + SignedDuration::from_mins(1));
    assert_eq!((status(&house, &id).as_str(), rows_of(&house, ADA)), ("completed", 0));
    assert_eq!(rows_of(&house, BOB), bob);
    assert_eq!(release(&mut house, &third(), &hold).0, 409, "released already");
    house.assert_rest();
}

#[test]
fn a_hold_by_address_stops_the_erasure_and_its_release_starts_it_again() {
    held_until_released(&person("email", ADA.email));
}

#[test]
fn a_hold_in_another_spelling_is_the_same_hold() {
    held_until_released(&person("email", &ADA.email.to_uppercase()));
}

#[test]
fn a_hold_on_the_tenant_stops_everybody() {
    held_until_released(&on(json!({"tenant": true})));
}

#[test]
fn a_hold_on_the_organisation_stops_its_members() {
    held_until_released(&on(json!({"organization": {"organization_id": "org-1"}})));
}

#[test]
fn a_hold_stops_only_whom_it_covers() {
    let mut house = House::new();
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    for scope in [
        person("email", BOB.email),
        person("email", "nobody@example.com"),
        on(json!({"organization": {"organization_id": "org-2"}})),
        // The id of an organisation as the id of a user is somebody else.
        person("user_id", "org-1"),
    ] {
        place(&mut house, &scope);
    }
    let foreign = house.post(&dpo("globex"), "/holds", &on(json!({"tenant": true})));
    assert_eq!(foreign.status, 201);
    house.world.advance(WEEK + SignedDuration::from_hours(2));
    assert_eq!((status(&house, &id).as_str(), rows_of(&house, ADA)), ("completed", 0));
}

/// The right 4xx, nothing done: a plan about a held person is not approved.
#[test]
fn a_plan_about_a_held_person_is_not_approved() {
    let mut house = House::new();
    let id = planned(&mut house, ADA);
    let hold = place(&mut house, &person("email", ADA.email));
    let hash = house.get(&operator("acme"), &format!("/jobs/{id}/plan")).body["plan_hash"].clone();
    let refused = house.post(&dpo("acme"), &format!("/jobs/{id}/approve"), &json!({ "plan_hash": hash }));
    assert_eq!((refused.status, &refused.body["state"]), (409, &json!("on_hold")), "{}", refused.body);
    assert_eq!(status(&house, &id), "awaiting_approval");
    assert_eq!(release(&mut house, &third(), &hold).0, 200);
    approved(&mut house, &id);
}

#[test]
fn two_holds_must_both_be_released() {
    let mut house = House::new();
    let ada = rows_of(&house, ADA);
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    let (first, second) =
        (place(&mut house, &person("email", ADA.email)), place(&mut house, &on(json!({"tenant": true}))));
    house.world.advance(WEEK + SignedDuration::from_hours(2));
    assert_eq!(release(&mut house, &third(), &first).0, 200);
    house.world.advance(SignedDuration::from_hours(1));
    assert_eq!((status(&house, &id).as_str(), rows_of(&house, ADA)), ("on_hold", ada));
    assert_eq!(release(&mut house, &third(), &second).0, 200);
    house.world.run_until_idle();
    assert_eq!((status(&house, &id).as_str(), rows_of(&house, ADA)), ("completed", 0));
}

#[test]
fn only_an_officer_who_is_not_concerned_releases() {
    let mut house = House::new();
    let id = house.submit(&third(), "/requests", &crate::erasure::erasure(ADA.email), ADA);
    house.world.run_until_idle();
    house.prove(&operator("acme"), &id);
    house.world.run_until_idle();
    approved(&mut house, &id);
    let hold = place(&mut house, &person("email", ADA.email));
    let before = house.written();
    assert_eq!(release(&mut house, &counsel(), &hold).0, 403, "who placed it");
    assert_eq!(release(&mut house, &third(), &hold).0, 403, "who asked for the erasure");
    assert_eq!(release(&mut house, &dpo("acme"), &hold).0, 403, "who approved the erasure");
    for caller in [operator("acme"), owner("acme", "org-1"), subject(ADA), Caller::new("acme", "super_admin")] {
        assert_eq!(release(&mut house, &caller, &hold).0, 403, "without the permission");
    }
    let unknown = json!({"id": "hold_0199a000000070008000000000000000"});
    let foreign = [release(&mut house, &dpo("globex"), &hold), release(&mut house, &dpo("globex"), &unknown)];
    assert_eq!(
        foreign
            .map(|(status, mut body)| {
                body["request_id"] = Value::Null;
                body["instance"] = Value::Null;
                (status, body)
            })
            .windows(2)
            .filter(|pair| pair[0] == pair[1] && pair[0].0 == 404)
            .count(),
        1
    );
    assert!(house.written() == before);
    assert_eq!(release(&mut house, &dpo("acme").with("sub", "fourth"), &hold).0, 200);
}

#[test]
fn only_officers_place_and_see_holds() {
    let mut house = House::new();
    let body = person("email", ADA.email);
    place(&mut house, &body);
    let before = house.written();
    for caller in [operator("acme"), owner("acme", "org-1"), subject(ADA), Caller::new("acme", "super_admin")] {
        let refused = house.post(&caller, "/holds", &body);
        assert_eq!((refused.status, &refused.body["permissions"]), (403, &json!(["hold:create"])));
        assert_eq!(house.get(&caller, "/holds").status, 403);
    }
    assert!(house.written() == before);
    assert_eq!(house.get(&dpo("globex"), "/holds").body["items"], json!([]));
}

#[test]
fn holds_are_listed_newest_first_page_by_page() {
    let mut house = House::new();
    let mut placed = Vec::new();
    for email in [ADA.email, BOB.email, EVE.email] {
        placed.push(place(&mut house, &person("email", email))["id"].clone());
        house.world.memory.advance(SignedDuration::from_secs(1));
    }
    placed.reverse();
    let first = house.get(&counsel(), "/holds?limit=2").body;
    let cursor = first["next_cursor"].as_str().unwrap().to_owned();
    let second = house.get(&counsel(), &format!("/holds?limit=2&cursor={cursor}")).body;
    let items = [first["items"].as_array().unwrap().clone(), second["items"].as_array().unwrap().clone()].concat();
    assert_eq!(items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>(), placed);
    assert_eq!((&second["next_cursor"], &items[0]["matter"]), (&Value::Null, &json!("canary-matter v. Acme")));
    assert_eq!(items[0]["scope"]["kind"], json!("subject"));
}

#[test]
fn a_repeated_call_finds_the_same_hold() {
    let mut house = House::new();
    let mut send = |body: &Value| {
        let call = Call::post(format!("{BASE}/holds"), body).with("idempotency-key", "once");
        house.ask(&counsel(), call)
    };
    let first = send(&person("email", ADA.email));
    let again = send(&person("email", ADA.email));
    assert_eq!((first.status, again.status, &first.body["id"]), (201, 201, &again.body["id"]));
    assert_eq!(send(&person("email", BOB.email)).status, 422);
    assert_eq!(house.get(&counsel(), "/holds").body["items"].as_array().unwrap().len(), 1);
}

#[test]
fn bad_holds_are_refused() {
    let mut house = House::new();
    let before = house.written();
    let good = person("email", ADA.email);
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let identities = |list: Value| on(json!({"subject": {"identities": list}}));
    for (body, pointer) in [
        (with("matter", json!(" ")), "/matter"),
        (with("matter", json!("m".repeat(201))), "/matter"),
        (with("reason", json!("")), "/reason"),
        (on(json!({})), "/scope"),
        (on(json!({"tenant": false})), "/scope"),
        (on(json!({"tenant": true, "organization": {"organization_id": "o"}})), "/scope"),
        (on(json!({"organization": {"organization_id": ""}})), "/scope/organization/organization_id"),
        (identities(json!([])), "/scope/subject/identities"),
        (identities(json!([{"type": "email", "value": "nobody"}])), "/scope/subject/identities/0/value"),
        (identities(json!([{"type": "organization_id", "value": "o"}])), "/scope/subject/identities/0/type"),
    ] {
        let refused = house.post(&counsel(), "/holds", &body);
        assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (422, &json!(pointer)), "{body}");
    }
    assert_eq!(house.post(&counsel(), "/holds", &with("until", json!("2030"))).status, 422);
    assert!(house.written() == before);
}

/// INV-A4: the words of a dispute are sealed, and no event, message or key names the person.
#[test]
fn matter_and_reason_are_sealed_and_every_step_of_a_hold_is_audited() {
    let mut house = House::new();
    let hold = place(&mut house, &person("email", ADA.email));
    assert_eq!(release(&mut house, &third(), &hold).0, 200);
    house.assert_rest();
    let item = format!("hold#{}", hold["id"].as_str().unwrap());
    let trail: Vec<(u64, Option<String>, String)> = house.world.memory.inspect(|state| {
        let events = state.items.values().filter_map(|record| Record::clone(record).into_event());
        let own = events.filter(|event| event.item.as_ref().is_some_and(|it| it.item == item));
        own.map(|event| (event.item.clone().unwrap().version, event.from.clone(), event.to.clone().unwrap())).collect()
    });
    let expected = [(1, None, "pending"), (2, Some("pending"), "effective"), (3, Some("effective"), "released")];
    let expected = expected.map(|(version, from, to)| (version, from.map(str::to_owned), to.to_owned()));
    assert_eq!(trail[..3], expected);
}

/// A worker that dies in the middle of erasing, at its first change.
fn dies_while_erasing(house: &mut House) {
    let before = house.world.memory.snapshot();
    house.world.memory.change(|state| state.faults.reset());
    house.world.advance(WEEK + SignedDuration::from_hours(2));
    let first =
        house.world.memory.inspect(|state| state.faults.calls().iter().find(|it| it.operation == "erase").copied());
    house.world.restore(&before);
    house.world.memory.change(|state| {
        state.faults.reset();
        state.faults.plan(Point { call: first.unwrap().number, side: Side::After }, Fault::Crash);
    });
    house.world.watcher = Some(Box::new(|memory, _| memory.inspect(|state| state.faults.injected() > 0)));
    house.world.advance(WEEK + SignedDuration::from_hours(2));
    assert!(house.world.is_stopped, "nothing died");
    house.world.watcher = None;
    house.world.is_stopped = false;
}

/// INV-E2: what had begun is listed; the hold is effective once its lease has ended and its fence is raised.
#[test]
fn a_claim_from_before_the_hold_is_listed_until_it_is_over() {
    let mut house = House::new();
    let id = planned(&mut house, ADA);
    approved(&mut house, &id);
    dies_while_erasing(&mut house);
    let left = rows_of(&house, ADA);
    let hold = place(&mut house, &person("email", ADA.email));
    assert_eq!((&hold["status"], &hold["effective_at"]), (&json!("pending"), &Value::Null), "{hold}");
    let running = hold["in_flight"].as_array().unwrap();
    assert!(!running.is_empty() && running.iter().all(|one| one["job_id"] == json!(id)), "{hold}");
    assert_eq!(running[0]["step"], json!("erase"));
    house.world.advance(SignedDuration::from_hours(1));
    assert_eq!((status(&house, &id).as_str(), rows_of(&house, ADA)), ("on_hold", left));
    // Without being asked: the look of the held step settles the hold.
    let stored = house.world.memory.inspect(|state| {
        let holds = state.items.values().filter_map(|record| Record::clone(record).into_hold());
        holds.map(|hold| hold.status.to_string()).collect::<Vec<_>>()
    });
    assert_eq!(stored, ["effective"]);
    assert_eq!(house.get(&counsel(), "/holds").body["items"][0]["in_flight"], json!([]));
    assert_eq!(release(&mut house, &third(), &hold).0, 200);
    house.world.run_until_idle();
    assert_eq!((status(&house, &id).as_str(), rows_of(&house, ADA)), ("completed", 0));
    house.assert_rest();
}
