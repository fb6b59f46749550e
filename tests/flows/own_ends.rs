//! Habeas's own records end: the run of a job after 90 days, the request after 1095, each archived first, through deaths,
//! beside holds, within the cap; what proves an erasure stays, and the verifier of the log knows a purge from a loss.

use std::collections::BTreeSet;
use std::sync::Arc;

use adapters_memory::{Fault, MemoryWorld, Point, Side};
use domain::event::{Actor, AuditEvent};
use domain::ids::{JobId, OpNonce};
use domain::job::Job;
use domain::key::Partition;
use domain::record::Record;
use domain::request::{Identity, IdentityKind, Regime};
use domain::retention::{ClassRule, Kept, RetentionClass, RetentionPolicy};
use domain::retention_run::{RetentionRun, RunPhase, Tally};
use domain::sealed::Sealed;
use domain::sensitive::Sensitive;
use habeas_tests::executor::{Ended, run};
use habeas_tests::handlers::Handlers;
use habeas_tests::retention_archives::{MANIFEST, RetentionArchive};
use habeas_tests::sample::{ADA, BOB, Person, officer, tenant};
use habeas_tests::story::{Kind, Story};
use habeas_tests::world::World;
use jiff::SignedDuration;
use serde_json::{Value, json};
use workflow::holds::{NewHold, NewScope};
use workflow::keyring::Keyring;
use workflow::ports::{PortErrorKind, RetentionWarning};
use workflow::retire_records::RetireRecords;
use workflow::sealing::Place;
use workflow::sweep_retention::{Asked, Cap, RetentionReport};

use crate::caller::{dpo, owner};
use crate::house::{House, Settings};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const ROOMY: Cap = Cap { rows: 10_000, percent: 10 };

fn retire_over(memory: &MemoryWorld, cap: Cap) -> RetireRecords {
    RetireRecords {
        store: memory.job_store(),
        feed: memory.audit_feed(),
        index: memory.audit_index(),
        evidence: memory.evidence_store(),
        keyring: Arc::new(Keyring::new(memory.job_store(), memory.key_service(), memory.entropy())),
        alerts: memory.alerts(),
        clock: memory.clock(),
        entropy: memory.entropy(),
        cap,
        keep_days: 2_557,
    }
}

fn slice(world: &World, cap: Cap, asked: &Asked) -> Ended<RetentionReport> {
    let asked = Asked { tenant: asked.tenant.clone().or_else(|| Some(tenant("acme"))), ..asked.clone() };
    let ends_at = world.memory.now() + SignedDuration::from_mins(5);
    match run(&world.memory, retire_over(&world.memory, cap).run(&asked, ends_at)) {
        Ended::With(report) => Ended::With(report.unwrap()),
        Ended::Crashed => Ended::Crashed,
    }
}

fn night(world: &World) -> RetentionReport {
    slice(world, ROOMY, &Asked::default()).answer()
}

/// A world in which somebody's request has ended, and its archive with it.
fn ended(kind: Kind, person: Person) -> (World, JobId) {
    let mut world = World::new(23);
    let mut story = Story::of(kind, person);
    story.play(&mut world);
    // Processors that never answer are waited for a year.
    world.advance(DAY * if kind == Kind::Erasure { 450 } else { 3 });
    let job = story.job.expect("somebody was told of the job");
    assert!(!world.job(&tenant("acme"), &job).unwrap().is_open());
    (world, job)
}

fn at_age(world: &World, job: &JobId, days: i32) {
    let ended_at = world.job(&tenant("acme"), job).unwrap().ended_at().unwrap();
    world.memory.set_now(ended_at + DAY * days);
}

/// Everything of a job that is still there, but its events.
fn items(world: &World, job: &JobId) -> Vec<Record> {
    let of_job = |record: &Record| matches!(record.key().partition(), Partition::Job(id) if id == job);
    let all = world.memory.inspect(|state| state.items.values().map(|it| Record::clone(it)).collect::<Vec<_>>());
    all.into_iter().filter(|it| of_job(it) && !matches!(it, Record::Event(_))).collect()
}

fn tally(world: &World, collection: &str) -> Tally {
    run_of(world, collection).told()
}

fn run_of(world: &World, collection: &str) -> RetentionRun {
    let key = RetentionRun::key_of(&tenant("acme"), collection);
    let found = world.memory.inspect(|state| state.items.get(&key).map(|it| Record::clone(it)));
    *found.and_then(Record::into_retention_run).expect("the class was looked at")
}

/// Every record in an archive whose manifest and checksum hold.
fn archived(world: &World) -> BTreeSet<Vec<u8>> {
    let memory = world.memory.fork();
    memory.change(|state| state.faults.reset());
    let keyring = Keyring::new(memory.job_store(), memory.key_service(), memory.entropy());
    let secrets = run(&memory, keyring.tenant(&tenant("acme"), memory.now())).answer().unwrap();
    let objects = memory.inspect(|state| state.evidence.objects.clone());
    let newest = |name: &str| objects.get(name).and_then(|it| it.last()).map(|(bytes, _)| bytes.to_vec());
    let mut rows = BTreeSet::new();
    for name in objects.keys().filter(|it| it.starts_with("retention/acme/habeas.") && it.ends_with(MANIFEST)) {
        let archive = RetentionArchive::of(&newest(name).unwrap(), newest).expect("it is what its manifest says");
        for (place, line) in archive.lines() {
            let line: Value = serde_json::from_str(&line).unwrap();
            let sealed: Sealed = serde_json::from_value(line["sealed"].clone()).unwrap();
            rows.insert(secrets.open(&Place::object("acme", &place), &sealed).unwrap().to_vec());
        }
    }
    rows
}

fn lines(records: &[Record]) -> BTreeSet<Vec<u8>> {
    records.iter().map(|it| serde_json::to_vec(it).unwrap()).collect()
}

/// The log is sealed, and verified against the table and the jobs.
fn verified(world: &World) -> Vec<String> {
    world.memory.advance(DAY * 8);
    run(&world.memory, world.handlers.sealer.run()).answer().unwrap();
    let ends_at = world.memory.now() + SignedDuration::from_mins(5);
    run(&world.memory, world.handlers.verifier.run_due(ends_at)).answer().unwrap();
    world.memory.inspect(|state| state.broken_logs.iter().map(|(_, _, place)| place.clone()).collect())
}

fn policy(world: &World, class: RetentionClass, days: u32) {
    let rule = |rule: ClassRule| if rule.class == class { ClassRule { kept: Kept::For(days), ..rule } } else { rule };
    world.memory.plant(Record::Retention(Box::new(RetentionPolicy {
        v: 1,
        tenant: tenant("acme"),
        organization_id: "org-1".to_owned(),
        version: 1,
        op_nonce: OpNonce::new([0; 16]),
        at: world.memory.now(),
        by: Actor::Worker,
        justification: None,
        rules: RetentionPolicy::default_rules().into_iter().map(rule).collect(),
    })));
}

#[test]
fn a_run_goes_after_90_days_and_its_request_after_1095_each_archived_first() {
    let (world, job) = ended(Kind::Access, BOB);
    let before = items(&world, &job);
    for day in [2, 10, 40, 89] {
        at_age(&world, &job, day);
        night(&world);
        assert_eq!(items(&world, &job).len(), before.len(), "nothing leaves before its time");
    }
    at_age(&world, &job, 91);
    let report = night(&world);
    assert_eq!((report.failed, report.is_unfinished), (0, false));
    let left = items(&world, &job);
    assert!(matches!(left.as_slice(), [Record::Job(job)] if job.retired_at.is_some()), "{left:?}");
    let steps: Vec<Record> = before.into_iter().filter(|it| !matches!(it, Record::Job(_))).collect();
    assert!(lines(&steps).is_subset(&archived(&world)), "INV-E6");
    let told = Tally { scanned: 1, expired: 1, archived: 1, deleted: 1, ..Tally::default() };
    assert_eq!(tally(&world, "habeas.job_executions"), told);
    for day in [400, 1_000, 1_094] {
        at_age(&world, &job, day);
        night(&world);
        assert_eq!(items(&world, &job), left);
    }
    at_age(&world, &job, 1_096);
    night(&world);
    assert_eq!(items(&world, &job), []);
    assert!(lines(&left).is_subset(&archived(&world)), "INV-E6");
    assert_eq!(tally(&world, "habeas.requests"), told);
    assert_eq!(verified(&world), [""; 0], "a purge is no loss");
    let stands = world
        .memory
        .inspect(|state| state.wake.iter().any(|(_, _, key)| *key.partition() == Partition::Job(job.clone())));
    assert!(!stands, "what is gone is looked at no more");
}

#[test]
fn an_item_that_is_lost_beside_a_purge_is_found() {
    let (world, job) = ended(Kind::Access, BOB);
    at_age(&world, &job, 91);
    night(&world);
    let told = |it: &mut AuditEvent| it.counts = vec![("deleted".to_owned(), it.purged() - 3)];
    world.memory.change(|state| {
        for record in state.items.values_mut() {
            if let Record::Event(event) = record.as_ref()
                && event.purged() > 0
            {
                let mut event = event.clone();
                told(&mut event);
                *record = Arc::new(Record::Event(event));
            }
        }
    });
    assert!(verified(&world).iter().any(|it| it.contains("has events and is gone")));
}

#[test]
fn what_proves_an_erasure_stays() {
    let (world, job) = ended(Kind::Erasure, ADA);
    let proof = |world: &World| {
        world.memory.inspect(|state| {
            let kept = |record: &&Arc<Record>| matches!(record.as_ref(), Record::Suppression(_));
            let receipts = state.objects.stored.keys().filter(|it| it.starts_with("receipts/")).count();
            (state.items.values().filter(kept).count(), receipts)
        })
    };
    let before = proof(&world);
    assert!(before.0 > 0 && before.1 == 1, "{before:?}");
    for day in [460, 1_100, 4_000] {
        at_age(&world, &job, day);
        night(&world);
    }
    assert_eq!(proof(&world), before);
    let left = items(&world, &job);
    assert!(
        matches!(left.as_slice(), [Record::Job(job)] if job.erasure.as_ref().is_some_and(|it| it.receipt.is_some()))
    );
    assert_eq!(verified(&world), [""; 0]);
}

#[test]
fn the_policy_of_the_organisation_counts_and_california_keeps_two_years() {
    let (world, job) = ended(Kind::Access, BOB);
    let change = |change: &dyn Fn(&mut Job)| {
        let mut it = world.job(&tenant("acme"), &job).unwrap();
        change(&mut it);
        world.memory.plant(Record::Job(Box::new(it)));
    };
    change(&|job| job.organization_id = Some("org-1".to_owned()));
    policy(&world, RetentionClass::Requests, 200);
    at_age(&world, &job, 95);
    night(&world);
    at_age(&world, &job, 199);
    night(&world);
    assert_eq!(items(&world, &job).len(), 1);
    change(&|job| job.regime = Regime::Ccpa);
    at_age(&world, &job, 730);
    night(&world);
    assert_eq!(items(&world, &job).len(), 1, "11 CCR 7101(a)");
    at_age(&world, &job, 732);
    night(&world);
    assert_eq!(items(&world, &job), []);
}

#[test]
fn whoever_is_held_keeps_the_record_until_the_release() {
    let (world, job) = ended(Kind::Access, BOB);
    let identity = Identity::new(IdentityKind::Email, BOB.email).unwrap();
    let words = |text: &str| Sensitive::new(text.to_owned());
    let new = NewHold { scope: NewScope::Subject(vec![identity]), matter: words("a"), reason: words("b") };
    let handlers = Handlers::new(&world.memory);
    let hold = run(&world.memory, handlers.holds.place(&officer("acme"), &new, None)).answer().unwrap();
    let before = items(&world, &job);
    at_age(&world, &job, 95);
    night(&world);
    assert_eq!(items(&world, &job), before);
    assert_eq!(tally(&world, "habeas.job_executions"), Tally { scanned: 1, expired: 1, held: 1, ..Tally::default() });
    assert!(archived(&world).is_empty(), "who is held is not archived each night");
    let other = habeas_tests::sample::caller("acme", "dpo-2", &[domain::role::Role::Dpo], None);
    run(&world.memory, handlers.holds.release(&other, &hold.hold.id)).answer().unwrap();
    at_age(&world, &job, 96);
    night(&world);
    assert_eq!(items(&world, &job).len(), 1);
}

#[test]
fn a_death_at_any_call_loses_nothing_and_leaves_nothing() {
    let (world, job) = ended(Kind::Access, BOB);
    let all = items(&world, &job);
    let steps: Vec<Record> = all.into_iter().filter(|it| !matches!(it, Record::Job(_))).collect();
    at_age(&world, &job, 91);
    let before = world.memory.snapshot();
    world.memory.change(|state| state.faults.reset());
    night(&world);
    let calls = world.memory.inspect(|state| state.faults.calls().len()) as u64;
    let kinds = [
        (Side::Before, Fault::Crash),
        (Side::Before, Fault::Fail(PortErrorKind::Transient)),
        (Side::After, Fault::Crash),
        (Side::After, Fault::LoseAnswer),
        (Side::After, Fault::RetriedBySdk),
    ];
    let mut injected = 0;
    for (call, (side, fault)) in (0..calls).flat_map(|call| kinds.map(|kind| (call, kind))) {
        world.memory.restore(&before);
        world.memory.change(|state| {
            state.faults.reset();
            state.faults.plan(Point { call, side }, fault);
        });
        run(&world.memory, async {
            let ends_at = world.memory.now() + SignedDuration::from_mins(5);
            let asked = Asked { tenant: Some(tenant("acme")), ..Asked::default() };
            drop(retire_over(&world.memory, ROOMY).run(&asked, ends_at).await);
        });
        injected += world.memory.inspect(|state| state.faults.injected());
        let gone = lines(&steps).difference(&lines(&items(&world, &job))).cloned().collect::<BTreeSet<_>>();
        assert!(gone.is_subset(&archived(&world)), "INV-E6 {fault:?} {side:?} {call}");
        world.memory.change(|state| state.faults.reset());
        world.memory.advance(SignedDuration::from_hours(22));
        night(&world);
        assert_eq!(items(&world, &job).len(), 1, "{fault:?} {side:?} {call}");
    }
    assert!(injected > calls, "{injected} faults at {calls} calls");
}

#[test]
fn a_dry_run_only_counts_and_the_cap_ends_a_night_with_an_alarm() {
    let (world, job) = ended(Kind::Access, BOB);
    let before = items(&world, &job);
    at_age(&world, &job, 91);
    let dry = Asked { by_hand: true, dry_run: true, ..Asked::default() };
    slice(&world, ROOMY, &dry).answer();
    assert_eq!(run_of(&world, "habeas.job_executions").phase, RunPhase::Reported);
    assert_eq!((tally(&world, "habeas.job_executions").expired, items(&world, &job)), (1, before.clone()));
    at_age(&world, &job, 92);
    slice(&world, Cap { rows: 0, percent: 10 }, &Asked::default()).answer();
    assert_eq!(run_of(&world, "habeas.job_executions").phase, RunPhase::BeyondCap);
    assert_eq!(items(&world, &job), before);
    let is_told = |it: &RetentionWarning| matches!(it, RetentionWarning::BeyondCap { collection, .. } if collection == "habeas.job_executions");
    assert!(world.memory.inspect(|state| state.retention_warnings.iter().any(|(_, it)| is_told(it))));
    at_age(&world, &job, 93);
    let beyond = Asked {
        by_hand: true,
        beyond_cap: true,
        collection: Some("habeas.job_executions".to_owned()),
        ..Asked::default()
    };
    slice(&world, Cap { rows: 0, percent: 10 }, &beyond).answer();
    assert_eq!(items(&world, &job).len(), 1);
}

#[test]
fn the_schedule_tells_of_our_own_records_and_the_timeline_of_their_end() {
    let (world, job) = ended(Kind::Access, BOB);
    at_age(&world, &job, 91);
    night(&world);
    let mut house = House::over(world, Settings::default());
    let told = house.get(&dpo("acme"), "/retention/schedule").body;
    let of = |told: &Value, id: &str| {
        told["collections"].as_array().unwrap().iter().find(|it| it["collection"] == id).unwrap().clone()
    };
    let runs = of(&told, "habeas.job_executions");
    let fields = ["class", "act", "archive_first", "days"].map(|name| runs[name].clone());
    assert_eq!(fields, [json!("job_executions_days"), json!("delete"), json!(true), json!(90)]);
    assert_eq!((&runs["last_run"]["phase"], &runs["last_run"]["counts"]["deleted"]), (&json!("ended"), &json!(1)));
    assert_eq!(of(&told, "habeas.requests")["days"], json!(1_095));
    let own = house.get(&owner("acme", "org-1"), "/retention/schedule").body;
    assert_eq!(of(&own, "habeas.requests")["last_run"], Value::Null);
    let shown = house.get(&dpo("acme"), &format!("/jobs/{job}"));
    assert_eq!((shown.status, &shown.body["status"]), (200, &json!("completed")));
    let timeline = house.get(&dpo("acme"), &format!("/jobs/{job}/timeline?limit=200"));
    assert!(timeline.body.to_string().contains(AuditEvent::PURGED), "{}", timeline.body);
}

fn seal(world: &World) {
    run(&world.memory, world.handlers.sealer.run()).answer().unwrap();
}

fn events(world: &World) -> Vec<AuditEvent> {
    let all = world.memory.inspect(|state| state.items.values().map(|it| Record::clone(it)).collect::<Vec<_>>());
    all.into_iter().filter_map(Record::into_event).map(|it| *it).filter(|it| it.tenant == tenant("acme")).collect()
}

#[test]
fn audit_events_leave_the_table_after_two_years_and_the_log_keeps_them() {
    let (world, job) = ended(Kind::Erasure, ADA);
    seal(&world);
    let until = world.job(&tenant("acme"), &job).unwrap().ended_at().unwrap() + DAY * 10;
    let before: Vec<AuditEvent> = events(&world).into_iter().filter(|event| event.at < until).collect();
    for day in [460, 700] {
        at_age(&world, &job, day);
        night(&world);
        seal(&world);
        assert!(before.iter().all(|event| events(&world).contains(event)), "nothing leaves before its time");
    }
    at_age(&world, &job, 740);
    assert!(night(&world).is_unfinished, "announced");
    let lines_of =
        |events: &[AuditEvent]| lines(&events.iter().map(|it| Record::Event(Box::new(it.clone()))).collect::<Vec<_>>());
    assert!(before.iter().all(|event| events(&world).contains(event)), "what is announced is not gone yet");
    assert!(night(&world).is_unfinished, "nothing goes before the log knows of it");
    seal(&world);
    world.memory.advance(SignedDuration::from_mins(15));
    night(&world);
    let left = events(&world);
    let gone: Vec<AuditEvent> = before.iter().filter(|event| !left.contains(event)).cloned().collect();
    assert_eq!(before.len() - gone.len(), 1, "the event of the receipt proves it");
    assert!(left.iter().any(|event| event.resource_type == AuditEvent::RECEIPT));
    assert!(lines_of(&gone).is_subset(&archived(&world)), "INV-E6");
    assert_eq!(tally(&world, "habeas.audit_logs").deleted, gone.len() as u64);
    assert_eq!(verified(&world), [""; 0], "what was announced is no loss");
    let lost = left.iter().find(|event| event.resource_type == AuditEvent::RECEIPT).unwrap().key();
    world.memory.change(|state| state.items.remove(&lost));
    assert!(verified(&world).iter().any(|it| it.contains("is gone from the table")));
}

#[test]
fn the_longest_policy_counts_for_the_log_and_a_hold_stops_it() {
    let (world, job) = ended(Kind::Access, BOB);
    seal(&world);
    let before = events(&world);
    policy(&world, RetentionClass::AuditLogs, 900);
    at_age(&world, &job, 890);
    assert!(!night(&world).is_unfinished);
    let identity = Identity::new(IdentityKind::Email, ADA.email).unwrap();
    let words = |text: &str| Sensitive::new(text.to_owned());
    let new = NewHold { scope: NewScope::Subject(vec![identity]), matter: words("a"), reason: words("b") };
    run(&world.memory, Handlers::new(&world.memory).holds.place(&officer("acme"), &new, None)).answer().unwrap();
    at_age(&world, &job, 910);
    night(&world);
    let leaves = before.iter().filter(|event| event.resource_type != AuditEvent::RECEIPT).count();
    assert_eq!(tally(&world, "habeas.audit_logs").held, leaves as u64);
    assert!(before.iter().all(|event| events(&world).contains(event)));
}
