//! Erasures that share objects meet in one pass: each object is rewritten once, and each request ends as if it were alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use adapters_memory::{Fault, Point, Side, State};
use domain::datum::Datum;
use domain::ids::JobId;
use domain::key::TenantKey;
use domain::record::Record;
use domain::step::{StepKind, StepState};
use habeas_tests::invariants::receipt_of;
use habeas_tests::sample::{BOB, MAP, MEDIA_MAP, Person, tenant};
use habeas_tests::story::LAKE_MAP;
use habeas_tests::world::World;
use jiff::SignedDuration;
use serde_json::json;

use crate::caller::subject;
use crate::erasure::{approved, planned};
use crate::holds::{person, place, release, third};
use crate::house::{House, Settings};

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const OBJECTS: usize = 6;
/// Rows of each person in each object.
const ROWS: usize = 2;

/// Somebody of the first tenant.
fn somebody(number: usize) -> Person {
    let leaked = |text: String| -> &'static str { text.leak() };
    Person {
        tenant: "acme",
        id: leaked(format!("u-{number:02}")),
        email: leaked(format!("canary{number:02}@example.com")),
        canary: leaked(format!("canary-{number:02}-of-them")),
    }
}

fn row(fields: &[(&str, &str)]) -> Datum {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), Datum::Text((*value).to_owned())));
    Datum::Map(fields.collect())
}

fn visit(person: Person) -> Datum {
    row(&[("user", person.id), ("page", person.canary), ("tenant", "acme")])
}

fn object(number: usize) -> String {
    format!("visits/{number}.ndjson")
}

/// So many people with rows in the same objects, where Bob has one of his own.
fn house(people: &[Person]) -> House {
    let world = World::new(7);
    let checked = datamap::read_strs(&[("sample.yml", MAP), ("media.yml", MEDIA_MAP), ("lake.yml", LAKE_MAP)]);
    let map = checked.map.unwrap_or_else(|| panic!("{:#?}", checked.findings));
    world.memory.publish(&tenant("acme"), Arc::new(map)).unwrap();
    world.memory.change_sources(|sources| {
        sources.page_rows = 100;
        for person in people {
            let user = [("id", person.id), ("email", person.email), ("tenant", "acme"), ("name", person.canary)];
            sources.table("app.users").insert(row(&user));
        }
        for number in 0..OBJECTS {
            for person in people {
                for _ in 0..ROWS {
                    let visit = visit(*person);
                    sources.table("lake.visits").insert_in(&object(number), visit);
                }
            }
            sources.table("lake.visits").insert_in(&object(number), visit(BOB));
        }
    });
    House::over(world, Settings::default())
}

fn all_approved(house: &mut House, people: &[Person]) -> Vec<String> {
    let ids: Vec<String> = people.iter().map(|person| planned(house, *person)).collect();
    ids.iter().for_each(|id| approved(house, id));
    ids
}

/// How often each object was written.
fn rewrites(house: &House) -> BTreeMap<String, usize> {
    house.world.memory.inspect(|state| {
        let mut counts = BTreeMap::new();
        state.rewritten.iter().for_each(|(_, key)| *counts.entry(key.clone()).or_default() += 1);
        counts
    })
}

fn each(times: usize) -> BTreeMap<String, usize> {
    (0..OBJECTS).map(|number| (object(number), times)).collect()
}

/// Rows of a person in the lake.
fn visits(house: &House, person: Person) -> usize {
    house.world.memory.inspect(|state| {
        let rows = state.sources.tables["lake.visits"].rows();
        rows.filter(|row| row.get("user").and_then(Datum::as_text) == Some(person.id)).count()
    })
}

/// What the receipt of a job says went from the lake.
fn deleted(house: &House, id: &str) -> u64 {
    let job = house.job("acme", id);
    let receipt = house.world.memory.inspect(|state| receipt_of(state, &job)).unwrap();
    let of_lake = receipt.sources.iter().find(|source| source.source == "lake.visits").unwrap();
    of_lake.counts["deleted"]
}

fn has_begun(state: &State, id: &JobId) -> bool {
    match state.items.get(&TenantKey::job(&tenant("acme"), id)).map(AsRef::as_ref) {
        Some(Record::Job(job)) => job.erasure.as_ref().is_some_and(|erasure| erasure.begun_at.is_some()),
        _ => false,
    }
}

#[test]
fn twenty_people_in_the_same_objects_are_one_rewrite_of_each() {
    let people: Vec<Person> = (0..20).map(somebody).collect();
    let mut house = house(&people);
    let ids = all_approved(&mut house, &people);
    let (held, cancelled, drifted) = (3, 5, 7);
    let hold = place(&mut house, &person("email", people[held].email));
    let path = format!("/jobs/{}/cancel", ids[cancelled]);
    assert_eq!(house.post(&subject(people[cancelled]), &path, &json!({})).status, 200);
    let drifts: JobId = ids[drifted].parse().unwrap();
    let horizon = house.world.memory.now() + WEEK + SignedDuration::from_hours(2);
    house.world.run_until_seen(horizon, |memory| memory.inspect(|state| has_begun(state, &drifts)));
    house.world.memory.change_sources(|sources| {
        sources.table("lake.visits").insert_in(&object(0), visit(people[drifted]));
    });
    house.world.run_until_idle();
    assert_eq!(rewrites(&house), each(1), "without passes: 18 times {OBJECTS}");

    for (number, (id, person)) in ids.iter().zip(&people).enumerate() {
        let (status, left) = match number {
            _ if number == held => ("on_hold", OBJECTS * ROWS),
            _ if number == cancelled => ("cancelled", OBJECTS * ROWS),
            _ if number == drifted => ("awaiting_approval", ROWS + 1),
            _ => ("completed", 0),
        };
        assert_eq!((house.status("acme", id).as_str(), visits(&house, *person)), (status, left), "{number}");
        if status == "completed" {
            assert_eq!(deleted(&house, id), (OBJECTS * ROWS) as u64, "{number}");
            let steps = house.steps("acme", id).into_iter().filter(|step| step.kind == StepKind::Erase);
            assert!(steps.into_iter().all(|step| (step.state, step.fence) == (StepState::Done, 1)), "{number}");
        }
    }
    assert_eq!(release(&mut house, &third(), &hold).0, 200);
    approved(&mut house, &ids[drifted]);
    house.world.run_until_idle();
    for number in [held, drifted] {
        assert_eq!((house.status("acme", &ids[number]).as_str(), visits(&house, people[number])), ("completed", 0));
    }
    let mut after = each(2);
    after.insert(object(0), 3);
    assert_eq!(rewrites(&house), after);
    assert_eq!(visits(&house, BOB), OBJECTS);
    house.assert_rest();
}

/// Lets the worker die at the pass's so many-th call of the eraser of objects.
fn dies_in_the_pass(house: &mut House, at: usize) -> bool {
    let before = house.world.memory.snapshot();
    house.world.memory.change(|state| state.faults.reset());
    house.world.advance(WEEK + SignedDuration::from_hours(2));
    let calls: Vec<u64> = house.world.memory.inspect(|state| {
        state.faults.calls().iter().filter(|it| it.operation == "erase").map(|it| it.number).collect()
    });
    house.world.restore(&before);
    let Some(call) = calls.get(at) else { return false };
    let point = Point { call: *call, side: Side::After };
    house.world.memory.change(|state| {
        state.faults.reset();
        state.faults.plan(point, Fault::Crash);
    });
    house.world.watcher = Some(Box::new(|memory, _| memory.inspect(|state| state.faults.injected() > 0)));
    house.world.advance(WEEK + SignedDuration::from_hours(2));
    assert!(house.world.is_stopped, "nothing died");
    house.world.watcher = None;
    house.world.is_stopped = false;
    true
}

#[test]
fn when_the_worker_of_a_pass_dies_each_goes_on_by_itself() {
    let people: Vec<Person> = (0..3).map(somebody).collect();
    let mut first = house(&people);
    let ids = all_approved(&mut first, &people);
    let before = first.world.memory.snapshot();
    let mut died = 0;
    // Every third of the calls: each is played twice.
    for at in (0..).step_by(3) {
        first.world.restore(&before);
        if !dies_in_the_pass(&mut first, at) {
            break;
        }
        died += 1;
        first.world.advance(SignedDuration::from_hours(2));
        for (id, person) in ids.iter().zip(&people) {
            assert_eq!((first.status("acme", id).as_str(), visits(&first, *person)), ("completed", 0), "{at}");
            assert_eq!(deleted(&first, id), (OBJECTS * ROWS) as u64, "{at}");
        }
        assert!(rewrites(&first).values().all(|times| *times == 1), "what is done is not done again: {at}");
        first.assert_rest();
    }
    assert!(died > 2, "{died}");
}

/// INV-E2: a hold that comes while a pass is under way names the claim of its person, and of nobody else.
#[test]
fn a_hold_on_one_of_a_pass_is_effective_once_that_claim_is_over() {
    let people: Vec<Person> = (0..3).map(somebody).collect();
    let mut house = house(&people);
    let ids = all_approved(&mut house, &people);
    let is_of_lake = (3..).find(|at| {
        let before = house.world.memory.snapshot();
        let died = dies_in_the_pass(&mut house, *at);
        let found = died && !rewrites(&house).is_empty();
        if !found {
            house.world.restore(&before);
        }
        found || !died
    });
    assert!(is_of_lake.is_some() && !rewrites(&house).is_empty(), "nobody died in the lake");
    let left = visits(&house, people[1]);
    assert!(left > 0 && left < OBJECTS * ROWS, "{left}");
    let hold = place(&mut house, &person("email", people[1].email));
    assert_eq!(hold["status"], json!("pending"), "{hold}");
    let running = hold["in_flight"].as_array().unwrap();
    assert!(!running.is_empty() && running.iter().all(|one| one["job_id"] == json!(ids[1])), "{hold}");
    house.world.advance(SignedDuration::from_hours(1));
    let ended = [0, 1, 2].map(|number| (house.status("acme", &ids[number]), visits(&house, people[number])));
    let expected = [("completed", 0), ("on_hold", left), ("completed", 0)];
    assert_eq!(ended, expected.map(|(status, left)| (status.to_owned(), left)));
    assert_eq!(release(&mut house, &third(), &hold).0, 200);
    house.world.run_until_idle();
    assert_eq!((house.status("acme", &ids[1]).as_str(), visits(&house, people[1])), ("completed", 0));
    house.assert_rest();
}

#[test]
fn grace_periods_end_together_where_the_deployment_says_so() {
    let people: Vec<Person> = (0..3).map(somebody).collect();
    for (hours, expected) in [(0, 3), (48, 1)] {
        let mut house = house(&people);
        house.restart(Settings { erasure_pass_hours: hours, ..Settings::default() });
        let mut ends = BTreeMap::new();
        for person in &people {
            let id = planned(&mut house, *person);
            approved(&mut house, &id);
            *ends.entry(house.job("acme", &id).erasure.unwrap().grace_ends_at).or_insert(0) += 1;
            house.world.advance(SignedDuration::from_hours(5));
        }
        assert_eq!(ends.len(), expected, "{ends:?}");
        house.world.advance(WEEK + SignedDuration::from_hours(50));
        assert_eq!(rewrites(&house), each(expected), "{hours}");
        assert!(people.iter().all(|person| visits(&house, *person) == 0));
        house.assert_rest();
    }
}
