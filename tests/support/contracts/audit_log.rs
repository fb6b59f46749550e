//! The contracts behind the audit log: the feed of what is not sealed, the bucket of evidence, the signer of checkpoints.

use std::sync::Arc;

use audit_log::watch::Memory;
use domain::event::{Action, AuditEvent};
use domain::ids::TenantId;
use domain::key::TenantKey;
use domain::transition::{Cause, TransitionBuilder};
use jiff::{SignedDuration, Timestamp};
use workflow::ports::{
    AuditFeed, Batch, CheckpointSigner, EvidenceStore, JobStore, LogHead, SEAL_SHARDS, Unsealed, seal_shard,
};

use crate::contracts::cases;
use crate::names::Names;

/// The feed, and the store whose events it tells of.
pub struct Log {
    /// Commits events.
    pub store: Arc<dyn JobStore>,
    /// Tells of them.
    pub feed: Arc<dyn AuditFeed>,
}

/// The bucket and the key.
pub struct Evidence {
    /// The bucket.
    pub store: Arc<dyn EvidenceStore>,
    /// The key.
    pub signer: Arc<dyn CheckpointSigner>,
}

mod feed {
    use super::*;
    cases!(Log: events_wait_in_the_shard_of_their_tenant_in_order, sealed_events_leave_and_keep_their_content, head_moves_by_its_version, pending_and_quiet_logs_are_found);
}
mod evidence {
    use super::*;
    cases!(Evidence: an_object_is_made_once, what_is_locked_is_not_removed, an_object_is_replaced_by_its_mark_only, names_are_listed_in_order_under_their_prefix, a_signature_is_the_keys_and_always_the_same);
}
pub use evidence::CASES as EVIDENCE_CASES;
pub use feed::CASES as FEED_CASES;

/// Commits events of one job, and answers them in the order of time.
async fn plant(log: &Log, names: &mut Names, tenant: &TenantId, count: usize) -> Vec<AuditEvent> {
    let job = names.job();
    let mut events = Vec::new();
    for _ in 0..count {
        let mut builder = TransitionBuilder::new(tenant, names.nonce(), Cause::worker(names.tick()), names.bytes());
        let event = builder.plain_event(&job, "job", Action::Read);
        builder.event(event.clone());
        log.store.commit(&builder.build()).await.unwrap();
        events.push(event);
    }
    events
}

async fn waiting(log: &Log, tenant: &TenantId) -> Vec<Unsealed> {
    let mut found = log.feed.unsealed(seal_shard(tenant), 100_000).await.unwrap();
    found.retain(|entry| entry.tenant() == tenant);
    found
}

fn entries(events: &[AuditEvent]) -> Vec<Unsealed> {
    events.iter().map(|event| Unsealed::Event(event.key())).collect()
}

async fn events_wait_in_the_shard_of_their_tenant_in_order(log: &Log, names: &mut Names) {
    let (one, other) = (names.tenant(), names.tenant());
    let (first, second) = (plant(log, names, &one, 3).await, plant(log, names, &other, 2).await);
    assert_eq!(waiting(log, &one).await, entries(&first));
    assert_eq!(waiting(log, &other).await, entries(&second));
    for shard in (0..SEAL_SHARDS).filter(|shard| *shard != seal_shard(&one)) {
        let found = log.feed.unsealed(shard, 100_000).await.unwrap();
        assert!(found.iter().all(|entry| entry.tenant() != &one), "an event is in two shards");
    }
}

async fn sealed_events_leave_and_keep_their_content(log: &Log, names: &mut Names) {
    let tenant = names.tenant();
    let events = plant(log, names, &tenant, 3).await;
    let keys: Vec<TenantKey> = events.iter().map(AuditEvent::key).collect();
    for _ in 0..2 {
        log.feed.mark_sealed(&keys[..2], 40).await.unwrap();
    }
    assert_eq!(waiting(log, &tenant).await, entries(&events[2..]));
    let missing = TenantKey::new(&tenant, keys[0].partition().clone(), "event#0000000000000#none");
    let stored = log.feed.events(&[&keys[..], &[missing]].concat()).await.unwrap();
    let told: Vec<_> =
        stored.iter().map(|it| it.as_ref().map(|it| (it.event.clone(), it.is_sealed, it.leaf_index))).collect();
    let places = [(true, Some(40)), (true, Some(41)), (false, None)];
    let expected: Vec<_> =
        events.iter().zip(places).map(|(event, (is, index))| Some((event.clone(), is, index))).collect();
    assert_eq!(told, [expected, vec![None]].concat());
    assert!(log.feed.events(&[]).await.unwrap().is_empty());
}

fn head(tenant: &TenantId, version: u64, heartbeat_at: Timestamp) -> LogHead {
    let root = audit_log::hash::Hash::of_nothing().to_string();
    LogHead {
        v: 1,
        tenant: tenant.clone(),
        version,
        size: 0,
        root,
        heartbeat_at,
        pending: None,
        delivery: None,
        memory: Memory::default(),
    }
}

async fn head_moves_by_its_version(log: &Log, names: &mut Names) {
    let (tenant, at) = (names.tenant(), names.tick());
    assert_eq!(log.feed.load_head(&tenant).await.unwrap(), None);
    assert!(!log.feed.write_head(&head(&tenant, 2, at)).await.unwrap(), "nothing is there to be followed");
    assert!(log.feed.write_head(&head(&tenant, 1, at)).await.unwrap());
    assert!(!log.feed.write_head(&head(&tenant, 1, at)).await.unwrap(), "a head was made twice");
    let second = LogHead { size: 7, ..head(&tenant, 2, at) };
    assert!(log.feed.write_head(&second).await.unwrap());
    assert!(!log.feed.write_head(&head(&tenant, 2, at)).await.unwrap(), "a head was overwritten");
    assert_eq!(log.feed.load_head(&tenant).await.unwrap(), Some(second));
}

async fn pending_and_quiet_logs_are_found(log: &Log, names: &mut Names) {
    let tenant = names.tenant();
    // Long past, so that on a used stack it comes before everybody else's.
    let at = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(i64::from(u16::from_be_bytes(names.bytes())));
    let due = async |until| {
        let found = log.feed.heartbeats_due(until, 1_000).await.unwrap();
        found.contains(&tenant)
    };
    log.feed.write_head(&head(&tenant, 1, at)).await.unwrap();
    assert!(due(at).await && !due(at - SignedDuration::from_secs(1)).await);
    assert!(waiting(log, &tenant).await.is_empty());
    let batch = Batch { events: Vec::new(), begun_at: at };
    log.feed.write_head(&LogHead { pending: Some(batch), ..head(&tenant, 2, at) }).await.unwrap();
    assert!(!due(at).await);
    assert_eq!(waiting(log, &tenant).await, [Unsealed::Batch(tenant.clone())]);
    let events = plant(log, names, &tenant, 1).await;
    assert_eq!(waiting(log, &tenant).await, [vec![Unsealed::Batch(tenant.clone())], entries(&events)].concat());
    log.feed.write_head(&head(&tenant, 3, names.tick())).await.unwrap();
}

fn soon(names: &mut Names) -> Timestamp {
    // Locks must end in the future, whatever the time of the stack is.
    names.tick() + SignedDuration::from_hours(24 * 3_650)
}

async fn an_object_is_made_once(evidence: &Evidence, names: &mut Names) {
    let name = format!("logs/{}/tile/0/000", names.tenant());
    assert_eq!(evidence.store.read(&name).await.unwrap(), None);
    assert!(evidence.store.put_new(&name, vec![1, 2], soon(names)).await.unwrap());
    assert!(!evidence.store.put_new(&name, vec![3], soon(names)).await.unwrap());
    assert_eq!(evidence.store.read(&name).await.unwrap().unwrap().bytes, [1, 2]);
}

async fn what_is_locked_is_not_removed(evidence: &Evidence, names: &mut Names) {
    let name = format!("evidence/{}/items/locked", names.tenant());
    assert!(evidence.store.remove(&name).await.unwrap(), "what isn't there is gone");
    assert!(evidence.store.put_new(&name, vec![1], soon(names)).await.unwrap());
    let mark = evidence.store.read(&name).await.unwrap().unwrap().mark;
    assert!(evidence.store.replace(&name, vec![2], &mark, soon(names)).await.unwrap());
    assert!(!evidence.store.remove(&name).await.unwrap());
    assert_eq!(evidence.store.read(&name).await.unwrap().unwrap().bytes, [2]);
}

async fn names_are_listed_in_order_under_their_prefix(evidence: &Evidence, names: &mut Names) {
    let prefix = format!("evidence/{}/items/", names.tenant());
    let name = |number: u8| format!("{prefix}{number:03}");
    assert!(evidence.store.names(&prefix, None, 10).await.unwrap().is_empty());
    for number in [3, 1, 2] {
        assert!(evidence.store.put_new(&name(number), vec![number], soon(names)).await.unwrap());
    }
    let beside = format!("{}x", prefix.trim_end_matches('/'));
    assert!(evidence.store.put_new(&beside, vec![0], soon(names)).await.unwrap());
    assert_eq!(evidence.store.names(&prefix, None, 10).await.unwrap(), [name(1), name(2), name(3)]);
    assert_eq!(evidence.store.names(&prefix, None, 2).await.unwrap(), [name(1), name(2)]);
    assert_eq!(evidence.store.names(&prefix, Some(&name(2)), 2).await.unwrap(), [name(3)]);
    assert!(evidence.store.names(&prefix, Some(&name(3)), 2).await.unwrap().is_empty());
}

async fn an_object_is_replaced_by_its_mark_only(evidence: &Evidence, names: &mut Names) {
    let name = format!("logs/{}/checkpoint", names.tenant());
    assert!(evidence.store.put_new(&name, vec![1], soon(names)).await.unwrap());
    let first = evidence.store.read(&name).await.unwrap().unwrap();
    assert!(evidence.store.replace(&name, vec![2], &first.mark, soon(names)).await.unwrap());
    assert!(!evidence.store.replace(&name, vec![3], &first.mark, soon(names)).await.unwrap(), "an old mark was taken");
    let second = evidence.store.read(&name).await.unwrap().unwrap();
    assert_eq!(second.bytes, [2]);
    assert_ne!(second.mark, first.mark);
}

async fn a_signature_is_the_keys_and_always_the_same(evidence: &Evidence, names: &mut Names) {
    let text = format!("habeas.example/{}\n7\n", names.tenant());
    let signature = evidence.signer.sign(text.as_bytes()).await.unwrap();
    let key = evidence.signer.key().await.unwrap();
    assert!(key.verifies(text.as_bytes(), &signature));
    assert!(!key.verifies(b"another text", &signature));
    assert_eq!(evidence.signer.sign(text.as_bytes()).await.unwrap(), signature);
}
