//! What follows the sealing of a log, under crashes and lost answers: every leaf reaches the SIEM, every anomaly is one event (R-AUD-3, R-AUD-8).

use std::collections::{BTreeMap, BTreeSet};

use adapters_memory::{Fault, Mutant, Mutants, Point, Side, SplitMix};
use domain::event::{EventOutcome, EventType};
use domain::ids::TenantId;
use domain::record::Record;
use habeas_tests::executor::{run, run_together};
use jiff::SignedDuration;
use serde_json::Value;
use workflow::ports::PortErrorKind;
use workflow::seal_audit::{Rules, SealAudit};

use crate::sealing::{Setting, event};

/// Three failures by one address within an hour.
const RULES: &str = r#"[{"id": "thrice", "title": "thrice the same", "control_id": "CC7.2", "by": "address",
    "when": {"event_type": ["authentication"], "outcome": ["failure"]}, "at_least": 3, "within_seconds": 3600}]"#;

fn sealer(setting: &Setting) -> SealAudit {
    SealAudit { siem: Some(setting.world.export_store()), rules: Rules::from_json(RULES).unwrap(), ..setting.sealer() }
}

/// Failures from one address each, beside what else happens.
fn plant_failures(setting: &mut Setting, tenant: &TenantId, address: &str, count: usize) {
    for _ in 0..count {
        let mut event = event(tenant, &mut setting.names);
        (event.event_type, event.outcome) = (EventType::Authentication, EventOutcome::Failure);
        event.ip_hash = Some(address.to_owned());
        setting.planted.entry(tenant.clone()).or_default().insert(event.id.to_string());
        setting.world.plant(Record::Event(Box::new(event)));
    }
}

/// What the SIEM has of a tenant: the lines by their places.
fn delivered(setting: &Setting, tenant: &TenantId) -> BTreeMap<u64, Value> {
    let prefix = format!("ocsf/{tenant}/");
    setting.world.inspect(|state| {
        let objects = state.objects.stored.iter().filter(|(key, _)| key.starts_with(prefix.as_str()));
        let lines =
            objects.flat_map(|(_, object)| object.bytes.split(|byte| *byte == b'\n').filter(|it| !it.is_empty()));
        lines
            .map(|line| serde_json::from_slice::<Value>(line).unwrap())
            .map(|line| (line["metadata"]["sequence"].as_u64().unwrap(), line))
            .collect()
    })
}

/// What is wrong with what followed: leaves that are missing in the SIEM, anomalies said not once.
fn wrong(setting: &Setting, anomalies: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    for tenant in setting.planted.keys() {
        let size = setting.world.inspect(|state| state.log_heads[tenant].size);
        let lines = delivered(setting, tenant);
        let places: Vec<u64> = lines.keys().copied().collect();
        if places != (0..size).collect::<Vec<_>>() {
            wrong.push(format!("{} of {size} leaves were delivered", places.len()));
        }
        let ids: BTreeSet<&str> = lines.values().filter_map(|line| line["metadata"]["uid"].as_str()).collect();
        if !setting.planted[tenant].iter().all(|id| ids.contains(id.as_str())) {
            wrong.push("an event was not delivered".to_owned());
        }
        let findings = lines.values().filter(|line| line["class_uid"] == 2_004).count();
        if findings != anomalies {
            wrong.push(format!("{findings} anomalies were delivered"));
        }
    }
    let written = setting.world.inspect(|state| {
        let events = state.items.values().filter_map(|record| match record.as_ref() {
            Record::Event(event) if event.event_type == EventType::Anomaly => Some(event.id.to_string()),
            _ => None,
        });
        events.collect::<BTreeSet<_>>().len()
    });
    let told = setting.world.inspect(|state| state.anomalies.len());
    if written != anomalies * setting.planted.len() || told < written {
        wrong.push(format!("{written} anomalies were written, {told} told"));
    }
    wrong
}

/// The sealer until nothing is left, a minute apart.
fn settle(setting: &Setting) {
    for _ in 0..4 {
        run(&setting.world, sealer(setting).run()).answer().unwrap();
        setting.world.advance(SignedDuration::from_mins(1));
    }
}

/// Two failures, a seal, the third and fault number `call` of it; what is wrong afterwards, and whether the fault came.
fn with_fault(mutants: Mutants, fault: Fault, point: Point) -> (Vec<String>, bool) {
    let mut setting = Setting::new(7, &[3]);
    setting.world.change(|state| state.mutants = mutants);
    let tenant = setting.planted.keys().next().unwrap().clone();
    plant_failures(&mut setting, &tenant, "aa", 2);
    run(&setting.world, sealer(&setting).run()).answer().unwrap();
    plant_failures(&mut setting, &tenant, "aa", 2);
    plant_failures(&mut setting, &tenant, "bb", 2);
    setting.world.change(|state| {
        state.faults.reset();
        state.faults.plan(point, fault);
    });
    drop(run(&setting.world, sealer(&setting).run()));
    let was_hit = setting.world.inspect(|state| state.faults.injected() > 0);
    setting.world.change(|state| state.faults.reset());
    settle(&setting);
    (wrong(&setting, 1), was_hit)
}

fn any_fault(mutants: Mutants) -> Vec<String> {
    let faults = [Fault::Crash, Fault::LoseAnswer, Fault::RetriedBySdk, Fault::Fail(PortErrorKind::Denied)];
    for fault in faults {
        for side in [Side::Before, Side::After].into_iter().filter(|side| fault.fits(*side)) {
            for call in 0.. {
                let (wrong, was_hit) = with_fault(mutants, fault, Point { call, side });
                if !wrong.is_empty() {
                    return wrong.into_iter().map(|it| format!("{fault:?} {side:?} call {call}: {it}")).collect();
                }
                if !was_hit {
                    break;
                }
            }
        }
    }
    Vec::new()
}

#[test]
fn a_fault_at_any_call_loses_no_line_and_no_anomaly() {
    assert_eq!(any_fault(Mutants::NONE), [""; 0]);
}

#[test]
fn every_seeded_bug_of_following_is_caught() {
    let stories: [fn(Mutants) -> Vec<String>; 2] = [any_fault, away_and_back];
    let is_caught = |mutant: &Mutant| stories.iter().any(|story| !story(Mutants::only(*mutant)).is_empty());
    let missed: Vec<&Mutant> = Mutant::OF_FOLLOWING.iter().filter(|mutant| !is_caught(mutant)).collect();
    assert_eq!(missed, [&Mutant::MemoryLost; 0]);
}

#[test]
fn two_sealers_racing_deliver_every_leaf_and_find_one_anomaly() {
    for seed in 0..100 {
        let mut setting = Setting::new(seed, &[2]);
        let mut random = SplitMix::new(seed);
        let tenant = setting.planted.keys().next().unwrap().clone();
        for _ in 0..2 {
            plant_failures(&mut setting, &tenant, "aa", 2);
            let (one, other) = (sealer(&setting), sealer(&setting));
            drop(run_together(&setting.world, vec![Box::pin(one.run()), Box::pin(other.run())], &mut random));
        }
        settle(&setting);
        assert_eq!(wrong(&setting, 1), [""; 0], "seed {seed}");
    }
}

/// A bucket that takes nothing for two hours, and then everything; what is wrong afterwards.
fn away_and_back(mutants: Mutants) -> Vec<String> {
    let mut setting = Setting::new(8, &[700]);
    let tenant = setting.planted.keys().next().unwrap().clone();
    let seal = |setting: &Setting| {
        let report = run(&setting.world, sealer(setting).run()).answer().unwrap();
        setting.world.advance(SignedDuration::from_mins(61));
        (report.sealed, report.heartbeats, report.undelivered)
    };
    setting.world.change(|state| (state.mutants, state.objects.refused_prefix) = (mutants, Some("ocsf/")));
    let first = seal(&setting);
    setting.plant(&tenant, 20);
    let away = [first, seal(&setting), seal(&setting)];
    let early = delivered(&setting, &tenant).len();
    setting.world.change(|state| state.objects.refused_prefix = None);
    setting.world.advance(SignedDuration::from_mins(-60));
    let back = seal(&setting);
    let mut wrong = wrong(&setting, 0);
    if (away, early, back) != ([(700, 0, 700), (20, 0, 720), (0, 1, 721)], 0, (0, 0, 0)) {
        wrong.push(format!("{away:?}, {early} delivered early, {back:?}"));
    }
    setting.check(&tenant);
    wrong
}

#[test]
fn a_siem_that_is_away_holds_nothing_up_and_is_told_everything_later() {
    assert_eq!(away_and_back(Mutants::NONE), [""; 0]);
}

#[test]
fn a_siem_that_was_switched_off_is_waited_for_no_longer() {
    let setting = Setting::new(9, &[5]);
    let tenant = setting.planted.keys().next().unwrap().clone();
    setting.world.change(|state| state.objects.refused_prefix = Some("ocsf/"));
    run(&setting.world, sealer(&setting).run()).answer().unwrap();
    setting.world.change(|state| state.objects.refused_prefix = None);
    setting.world.advance(SignedDuration::from_mins(1));
    let off = run(&setting.world, setting.sealer().run()).answer().unwrap();
    assert_eq!(off.undelivered, 0);
    assert_eq!(setting.world.inspect(|state| state.log_heads[&tenant].delivery), None);
    run(&setting.world, sealer(&setting).run()).answer().unwrap();
    assert!(delivered(&setting, &tenant).is_empty(), "what happened before it was on is not delivered");
}
