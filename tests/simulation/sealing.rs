//! The sealer under crashes, lost answers and a second sealer beside it: one history, each event in it once (INV-A2, INV-A3).

use std::collections::{BTreeMap, BTreeSet};

use adapters_memory::{Fault, MemoryWorld, Point, Side, SplitMix};
use audit_log::bundle::Bundle;
use audit_log::checkpoint::Checkpoint;
use audit_log::note::Verifier;
use audit_log::tile::Entries;
use audit_log::verify::LogVerifier;
use domain::event::{Action, Actor, AuditEvent, EventOutcome, EventType, Level};
use domain::ids::{EventId, TenantId};
use domain::record::Record;
use habeas_tests::executor::{run, run_together};
use habeas_tests::names::Names;
use jiff::{SignedDuration, Timestamp};
use workflow::ports::{CheckpointSigner as _, PortErrorKind};
use workflow::prove_event::{ProveError, ProveEvent};
use workflow::seal_audit::{SealAudit, origin_of};

const ORIGIN: &str = "habeas.example/audit";

/// A world with events of some tenants.
pub(crate) struct Setting {
    pub(crate) world: MemoryWorld,
    pub(crate) names: Names,
    /// Ids of what was planted.
    pub(crate) planted: BTreeMap<TenantId, BTreeSet<String>>,
}

impl Setting {
    pub(crate) fn new(seed: u64, events: &[usize]) -> Self {
        let now: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        let world = MemoryWorld::new(seed, now);
        let mut setting = Self { world, names: Names::new(seed + 1, now), planted: BTreeMap::new() };
        for count in events {
            let tenant = setting.names.tenant();
            setting.plant(&tenant, *count);
        }
        setting
    }

    pub(crate) fn plant(&mut self, tenant: &TenantId, count: usize) {
        for _ in 0..count {
            let event = event(tenant, &mut self.names);
            self.planted.entry(tenant.clone()).or_default().insert(event.id.to_string());
            self.world.plant(Record::Event(Box::new(event)));
        }
    }

    pub(crate) fn sealer(&self) -> SealAudit {
        SealAudit { origin: ORIGIN.to_owned(), ..habeas_tests::handlers::sealer(&self.world) }
    }

    /// The log of a tenant verifies under every checkpoint ever signed, and holds each planted event once. How many leaves it has.
    pub(crate) fn check(&self, tenant: &TenantId) -> u64 {
        let newest = |name: &str| {
            let name = format!("logs/{tenant}/{name}");
            self.world.inspect(|state| Some(state.evidence.objects.get(&name)?.last()?.0.to_vec()))
        };
        let origin = origin_of(ORIGIN, tenant);
        let key = run(&self.world, self.world.checkpoint_signer().key()).answer().unwrap();
        let verifier = Verifier::new(&origin, key).unwrap();
        let versions = self.world.inspect(|state| state.evidence.objects[&format!("logs/{tenant}/checkpoint")].clone());
        let open = |bytes: &[u8]| Checkpoint::open(str::from_utf8(bytes).unwrap(), &origin, &verifier).unwrap();
        let mut checkpoints: Vec<Checkpoint> = versions.iter().map(|(bytes, _)| open(bytes)).collect();
        assert!(checkpoints.is_sorted_by_key(|checkpoint| checkpoint.size), "a checkpoint was shrunk");
        let last = checkpoints.pop().unwrap();
        let size = last.size;
        let mut pass = LogVerifier::new(last, checkpoints).unwrap();
        let mut ids = Vec::new();
        while let Some(name) = pass.wants() {
            let bytes = newest(&name.to_string());
            if name.to_string().starts_with("tile/entries/") {
                ids.extend(Entries::of(bytes.as_deref().unwrap()).map(|entry| id_of(entry.unwrap())));
            }
            pass.give(bytes.as_deref());
        }
        pass.finish().unwrap();
        let sealed: Vec<String> = ids.into_iter().filter(|id| !id.starts_with("evt_heartbeat_")).collect();
        let once: BTreeSet<String> = sealed.iter().cloned().collect();
        assert_eq!(sealed.len(), once.len(), "an event is in the log twice");
        assert_eq!(once, self.planted[tenant], "an event is missing");
        size
    }

    fn check_all(&self) {
        for tenant in self.planted.keys() {
            self.check(tenant);
        }
    }
}

fn id_of(entry: &[u8]) -> String {
    let event: serde_json::Value = serde_json::from_slice(entry).unwrap();
    event["id"].as_str().unwrap().to_owned()
}

pub(crate) fn event(tenant: &TenantId, names: &mut Names) -> AuditEvent {
    let at = names.tick();
    AuditEvent {
        v: 1,
        id: EventId::new(at, names.bytes()),
        tenant: tenant.clone(),
        at,
        event_type: EventType::RequestChange,
        action: Action::Update,
        level: Level::Info,
        outcome: EventOutcome::Success,
        actor: Actor::Worker,
        job: Some(names.job()),
        resource_type: "job".to_owned(),
        item: None,
        from: Some("ready".to_owned()),
        to: Some("done".to_owned()),
        reason: Some("the \"plan\" was kept".to_owned()),
        counts: vec![("rows".to_owned(), 3)],
        request_id: None,
        ip_hash: None,
        user_agent_family: None,
        control_id: None,
        detail: None,
        actor_detail: None,
        organization_id: None,
    }
}

#[test]
fn every_event_is_sealed_once_and_the_log_verifies() {
    let mut setting = Setting::new(1, &[1, 300, 7]);
    let sealed = run(&setting.world, setting.sealer().run()).answer().unwrap();
    assert_eq!((sealed.sealed, sealed.full_shards), (308, 0));
    setting.check_all();
    let again = run(&setting.world, setting.sealer().run()).answer().unwrap();
    assert_eq!((again.sealed, again.heartbeats), (0, 0));
    let tenant = setting.planted.keys().next().unwrap().clone();
    setting.plant(&tenant, 2_500);
    run(&setting.world, setting.sealer().run()).answer().unwrap();
    setting.check_all();
}

#[test]
fn a_minute_of_one_tenant_takes_four_writes_at_most() {
    let mut setting = Setting::new(2, &[300]);
    let tenant = setting.planted.keys().next().unwrap().clone();
    run(&setting.world, setting.sealer().run()).answer().unwrap();
    setting.plant(&tenant, 20);
    setting.world.change(|state| state.faults.reset());
    run(&setting.world, setting.sealer().run()).answer().unwrap();
    let writes = setting.world.inspect(|state| {
        let calls = state.faults.calls().iter();
        calls.filter(|call| matches!(call.operation, "put_evidence" | "replace_evidence")).count()
    });
    assert!(writes <= 4, "{writes} writes");
    setting.check_all();
}

#[test]
fn a_fault_at_any_call_leaves_one_history() {
    let faults = [Fault::Crash, Fault::LoseAnswer, Fault::RetriedBySdk, Fault::Fail(PortErrorKind::Transient)];
    let mut runs = 0;
    for fault in faults {
        for side in [Side::Before, Side::After].into_iter().filter(|side| fault.fits(*side)) {
            for call in 0.. {
                let mut setting = Setting::new(3, &[3, 258]);
                run(&setting.world, setting.sealer().run()).answer().unwrap();
                let tenants: Vec<TenantId> = setting.planted.keys().cloned().collect();
                tenants.iter().for_each(|tenant| setting.plant(tenant, 4));
                setting.world.change(|state| {
                    state.faults.reset();
                    state.faults.plan(Point { call, side }, fault);
                });
                drop(run(&setting.world, setting.sealer().run()));
                let was_hit = setting.world.inspect(|state| state.faults.injected() > 0);
                setting.world.change(|state| state.faults.reset());
                for _ in 0..2 {
                    run(&setting.world, setting.sealer().run()).answer().unwrap();
                }
                setting.check_all();
                runs += 1;
                if !was_hit {
                    break;
                }
            }
        }
    }
    assert!(runs > 80, "{runs} runs");
}

#[test]
fn two_sealers_racing_write_one_history() {
    for seed in 0..500 {
        let mut setting = Setting::new(seed, &[2, 5]);
        let mut random = SplitMix::new(seed);
        let tenant = setting.planted.keys().next().unwrap().clone();
        for _ in 0..2 {
            let (one, other) = (setting.sealer(), setting.sealer());
            drop(run_together(&setting.world, vec![Box::pin(one.run()), Box::pin(other.run())], &mut random));
            setting.plant(&tenant, 3);
        }
        for _ in 0..2 {
            run(&setting.world, setting.sealer().run()).answer().unwrap();
        }
        setting.check_all();
    }
}

#[test]
fn a_quiet_log_beats_once_an_hour() {
    let setting = Setting::new(5, &[2]);
    let tenant = setting.planted.keys().next().unwrap().clone();
    let beats = |minutes: i64| {
        setting.world.advance(SignedDuration::from_mins(minutes));
        run(&setting.world, setting.sealer().run()).answer().unwrap().heartbeats
    };
    assert_eq!((beats(0), beats(59), beats(1), beats(1), beats(59)), (0, 0, 1, 0, 1));
    assert_eq!(setting.check(&tenant), 4);
}

#[test]
fn nothing_is_signed_over_a_log_that_was_changed() {
    for file in ["tile/entries/000.p/7", "tile/0/000.p/7", "checkpoint"] {
        let mut setting = Setting::new(6, &[7]);
        let tenant = setting.planted.keys().next().unwrap().clone();
        run(&setting.world, setting.sealer().run()).answer().unwrap();
        setting.plant(&tenant, 1);
        let before = setting.world.inspect(|state| state.evidence.objects.len());
        setting.world.change(|state| {
            let versions = state.evidence.objects.get_mut(&format!("logs/{tenant}/{file}")).unwrap();
            let (bytes, until) = versions.pop().unwrap();
            let mut bytes = bytes.to_vec();
            bytes[40] ^= 1;
            versions.push((bytes.into(), until));
        });
        let refused = run(&setting.world, setting.sealer().run()).answer().unwrap_err();
        assert_eq!(refused.kind, PortErrorKind::Corrupt, "{file}");
        let checkpoints =
            setting.world.inspect(|state| state.evidence.objects[&format!("logs/{tenant}/checkpoint")].len());
        assert_eq!(checkpoints, 1, "{file}");
        assert!(file == "checkpoint" || setting.world.inspect(|state| state.evidence.objects.len()) == before);
    }
}

#[test]
fn every_sealed_event_is_proven_and_a_changed_tile_proves_nothing() {
    let setting = Setting::new(5, &[300]);
    let sealed = run(&setting.world, setting.sealer().run()).answer().unwrap();
    assert_eq!(sealed.sealed, 300);
    let tenant = setting.planted.keys().next().unwrap().clone();
    let prover = || {
        let world = &setting.world;
        ProveEvent::new(world.audit_feed(), world.evidence_store(), world.checkpoint_signer(), ORIGIN)
    };
    let key = run(&setting.world, setting.world.checkpoint_signer().key()).answer().unwrap();
    let origin = origin_of(ORIGIN, &tenant);
    let verifier = Verifier::new(&origin, key).unwrap();
    let keys: Vec<_> = setting.world.inspect(|state| state.sealed.keys().cloned().collect());
    let (kept, now) = (prover(), setting.world.now());
    for key in &keys {
        let proof = run(&setting.world, kept.prove(key, now)).answer().unwrap();
        let parsed = Bundle::parse(&proof.to_text()).unwrap();
        assert_eq!(parsed.verify_extra(&origin, &verifier).unwrap(), proof.checkpoint);
    }
    let missing = keys[0].tenant().clone();
    let missing = domain::key::TenantKey::new(&missing, keys[0].partition().clone(), "event#none");
    assert!(matches!(run(&setting.world, kept.prove(&missing, now)).answer(), Err(ProveError::Unknown)));
    setting.world.change(|state| {
        let name = format!("logs/{tenant}/tile/0/000");
        let versions = state.evidence.objects.get_mut(&name).unwrap();
        let newest = &mut versions.last_mut().unwrap().0;
        std::sync::Arc::make_mut(newest)[5] ^= 1;
    });
    let fails = keys.iter().filter(|key| run(&setting.world, prover().prove(key, now)).answer().is_err()).count();
    assert_eq!(fails, 255, "the path of the changed leaf and those beyond its tile don't need it");
}
