//! The verification of audit logs: quiet on what holds, and exact and loud about the first place that doesn't.

use std::sync::Arc;

use domain::job::JobStatus;
use domain::key::TenantKey;
use domain::record::Record;
use habeas_tests::executor::run;
use habeas_tests::sample::{EVE, tenant};
use jiff::SignedDuration;
use serde_json::{Value, json};
use workflow::ports::PortError;
use workflow::verify_audits::{VerifyReport, result_name};

use crate::audit_log::{busy, look};
use crate::caller::{Caller, dpo};
use crate::house::{AUDIT, Call, House, access};

pub(crate) fn sealed() -> (House, String) {
    let (mut house, id) = busy();
    house.submit(&dpo("globex"), "/requests", &access(EVE.email), EVE);
    house.world.run_until_idle();
    run(&house.world.memory, house.world.handlers.sealer.run()).answer().unwrap();
    (house, id)
}

fn verify(house: &mut House) -> Value {
    house.ask(&dpo("acme"), Call::post(format!("{AUDIT}/verify"), &json!({}))).body
}

fn run_due(house: &House, within: SignedDuration) -> Result<VerifyReport, PortError> {
    let ends_at = house.world.memory.now() + within;
    run(&house.world.memory, house.world.handlers.verifier.run_due(ends_at)).answer()
}

pub(crate) fn due(house: &House) -> VerifyReport {
    run_due(house, SignedDuration::from_mins(10)).unwrap()
}

fn alerts(house: &House) -> Vec<String> {
    house.world.memory.inspect(|state| state.broken_logs.iter().map(|(_, _, place)| place.clone()).collect())
}

#[test]
fn a_log_that_holds_is_verified_once_a_week_and_when_asked() {
    let (mut house, _) = sealed();
    let answer = verify(&mut house);
    assert_eq!((&answer["ok"], &answer["broken_at"]), (&json!(true), &Value::Null), "{answer}");
    assert!(answer["checked"].as_u64().unwrap() > 60 && answer["checked"] == answer["tree_size"]);
    let first = due(&house);
    assert_eq!((first.held, first.broken, first.left), (2, 0, 0), "both tenants have a log");
    assert_eq!(due(&house), VerifyReport::default());
    house.world.memory.advance(SignedDuration::from_hours(24 * 7));
    run(&house.world.memory, house.world.handlers.sealer.run()).answer().unwrap();
    assert_eq!(due(&house).held, 2);
    let name = result_name(&tenant("acme"));
    let kept = house.world.memory.inspect(|state| state.evidence.objects[&name].len());
    assert_eq!((kept, alerts(&house)), (2, Vec::new()), "each result stays as evidence");
}

#[test]
fn a_run_without_time_leaves_the_rest_to_the_next() {
    let (house, _) = sealed();
    assert_eq!(run_due(&house, SignedDuration::ZERO).unwrap().left, 2);
    assert_eq!(due(&house).held, 2);
}

/// What is changed, and how the place is told.
type Change = (&'static str, fn(&House, &str), &'static str);

fn change_event(house: &House, change: impl Fn(&mut domain::event::AuditEvent)) {
    house.world.memory.change(|state| {
        let found =
            state.items.iter().find(|(_, it)| matches!(it.as_ref(), Record::Event(it) if it.tenant == tenant("acme")));
        let (key, record) = found.map(|(key, record)| (Arc::clone(key), Arc::clone(record))).unwrap();
        let Record::Event(mut event) = Record::clone(&record) else { unreachable!() };
        change(&mut event);
        state.items.insert(key, Arc::new(Record::Event(event)));
    });
}

fn change_job(house: &House, id: &str, change: impl Fn(&mut domain::job::Job)) {
    let mut job = house.job("acme", id);
    change(&mut job);
    house.world.memory.plant(Record::Job(Box::new(job)));
}

fn flip(house: &House, name: &str) {
    house.world.memory.change(|state| {
        let versions = state.evidence.objects.get_mut(&format!("logs/acme/{name}")).unwrap();
        Arc::make_mut(&mut versions.last_mut().unwrap().0)[40] ^= 1;
    });
}

fn name_of(house: &House, prefix: &str) -> String {
    let prefix = format!("logs/acme/{prefix}");
    let found = house
        .world
        .memory
        .inspect(|state| state.evidence.objects.keys().rfind(|name| name.starts_with(&prefix)).cloned());
    found.unwrap().replace("logs/acme/", "")
}

const CHANGES: [Change; 9] = [
    ("entries", |house, _| flip(house, &name_of(house, "tile/entries/")), "event 0 was changed"),
    ("hashes", |house, _| flip(house, &name_of(house, "tile/0/")), "of hashes was changed"),
    ("signature", |house, _| flip(house, "checkpoint"), "the checkpoint can't be trusted"),
    ("event", |house, _| change_event(house, |it| it.reason = Some("another".to_owned())), "reads otherwise"),
    (
        "gone",
        |house, id| {
            let id = id.to_owned();
            house.world.memory.change(|state| {
                let of_job = |it: &Record| matches!(it, Record::Event(it) if it.job.as_ref().is_some_and(|job| job.as_str() == id));
                let key = state.items.iter().find(|(_, it)| of_job(it)).map(|(key, _)| Arc::clone(key)).unwrap();
                state.items.remove(&key);
            });
        },
        "is gone from the table",
    ),
    ("version", |house, id| change_job(house, id, |job| job.version += 1), "has no event for version"),
    (
        "state",
        |house, id| change_job(house, id, |job| job.status = JobStatus::Failed),
        "not in the state its last event",
    ),
    ("older", |house, id| change_job(house, id, |job| job.version -= 1), "has an event for version"),
    (
        "job",
        |house, id| {
            let key = TenantKey::job(&tenant("acme"), &id.parse().unwrap());
            house.world.memory.change(|state| {
                let job = state.items.remove(&key).unwrap();
                let Record::Job(job) = Record::clone(&job) else { unreachable!() };
                // A job of the same name in another state of its life: its events go further than it does.
                let job = domain::job::Job { version: 1, ..*job };
                state.items.insert(Arc::new(key.clone()), Arc::new(Record::Job(Box::new(job))));
            });
        },
        "has an event for version",
    ),
];

#[test]
fn each_change_is_found_at_its_place_and_told_at_once() {
    for (what, change, told) in CHANGES {
        let (mut house, id) = sealed();
        assert_eq!(due(&house).held, 2);
        change(&house, &id);
        house.world.memory.advance(SignedDuration::from_hours(24 * 7));
        let report = due(&house);
        let alerts = alerts(&house);
        assert_eq!((report.held, report.broken), (1, 1), "{what}");
        assert!(alerts.len() == 1 && alerts[0].contains(told), "{what}: {alerts:?}");
        if ["entries", "hashes", "signature"].contains(&what) {
            let answer = verify(&mut house);
            assert_eq!((&answer["ok"], &answer["broken_at"]), (&json!(false), &json!(alerts[0])), "{what}");
        }
    }
}

#[test]
fn an_old_state_of_a_whole_log_is_noticed_by_what_was_verified_before() {
    let (mut house, _) = sealed();
    let old = house.world.memory.inspect(|state| state.evidence.objects.clone());
    look(&mut house, &Caller::new("acme", "auditor"), "/events");
    run(&house.world.memory, house.world.handlers.sealer.run()).answer().unwrap();
    assert_eq!(due(&house).held, 2);
    house.world.memory.change(|state| {
        let results = state.evidence.objects.iter().filter(|(name, _)| name.starts_with("verifications/"));
        let results: Vec<_> = results.map(|(name, versions)| (name.clone(), versions.clone())).collect();
        state.evidence.objects = old.clone();
        state.evidence.objects.extend(results);
    });
    let answer = verify(&mut house);
    assert!(answer["broken_at"].as_str().unwrap().contains("old state"), "{answer}");
    house.world.memory.change(|state| state.evidence.objects.retain(|name, _| !name.starts_with("logs/acme/")));
    let answer = verify(&mut house);
    assert!(answer["broken_at"].as_str().unwrap().contains("the checkpoint is missing"), "{answer}");
}
